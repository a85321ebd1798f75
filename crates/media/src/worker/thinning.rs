//! Which frames of a recording are handed on, by their times alone.
//!
//! Keeps the asked rate on average while taking frames as they come: a source of 30 frames a second
//! thinned to 15 gives every second one in spite of jitter, a source below the rate loses nothing.

/// All times are presentation times in microseconds.
#[derive(Debug)]
pub(super) struct Thinning {
    interval: i64,
    due: Option<i64>,
    last: Option<i64>,
}

impl Thinning {
    pub(super) fn new(frames_per_second_max: u16) -> Self {
        let interval = 1_000_000 / i64::from(frames_per_second_max.max(1));
        Self {
            interval,
            due: None,
            last: None,
        }
    }

    /// Decides about the next frame. Times that do not grow are never taken.
    pub(super) fn takes(&mut self, pts_us: i64) -> bool {
        if self.last.is_some_and(|last| pts_us <= last) {
            return false;
        }
        let due_us = self.due.unwrap_or(pts_us);
        // A quarter early is still on time: recorders jitter by that much.
        if pts_us < due_us - self.interval / 4 {
            return false;
        }
        // After a gap the rhythm starts anew; otherwise it keeps its phase.
        let next_us = due_us + self.interval;
        let is_gap = pts_us >= next_us;
        self.due = Some(if is_gap {
            pts_us + self.interval
        } else {
            next_us
        });
        self.last = Some(pts_us);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rate: u16, times: impl IntoIterator<Item = i64>) -> Vec<i64> {
        let mut thinning = Thinning::new(rate);
        times
            .into_iter()
            .filter(|pts| thinning.takes(*pts))
            .collect()
    }

    #[test]
    fn half_the_frames_at_half_the_rate() {
        // Thirty frames a second with up to 9 ms of jitter, for six seconds.
        let times = (0..180).map(|index| index * 33_333 + (index * 7_919) % 9_000);
        let taken = taken(15, times);
        assert!((89..=91).contains(&taken.len()), "{}", taken.len());
        assert!(taken.windows(2).all(|pair| pair[1] - pair[0] < 90_000));
    }

    #[test]
    fn slow_sources_lose_nothing() {
        let times: Vec<i64> = (0..60).map(|index| index * 100_000).collect();
        assert_eq!(taken(15, times.clone()), times);
        let exact: Vec<i64> = (0..60).map(|index| index * 66_667).collect();
        assert_eq!(taken(15, exact.clone()), exact);
    }

    #[test]
    fn times_that_go_back_are_dropped() {
        assert_eq!(
            taken(30, [0, 40_000, 40_000, 20_000, 80_000]),
            [0, 40_000, 80_000]
        );
    }

    #[test]
    fn a_gap_does_not_cause_a_burst() {
        let times = [0, 3_000_000, 3_010_000, 3_020_000, 3_066_700];
        assert_eq!(taken(15, times), [0, 3_000_000, 3_066_700]);
    }
}
