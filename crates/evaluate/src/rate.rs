//! A rate with its counts, and the interval in which the true rate lies with 95 % confidence
//! (Clopper and Pearson: exact, never too narrow).

use serde_json::{Value, json};

/// Tail on each side of a 95 % interval.
const TAIL: f64 = 0.025;

/// So many events among so many trials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// Events, at most `trials`.
    pub events: u64,
    /// Trials.
    pub trials: u64,
}

impl Rate {
    /// So many of so many.
    pub const fn new(events: u64, trials: u64) -> Self {
        Self { events, trials }
    }

    /// Counts those for which the question holds.
    pub fn of<T>(items: impl IntoIterator<Item = T>, holds: impl Fn(T) -> bool) -> Self {
        let mut rate = Self::default();
        for item in items {
            rate.trials += 1;
            rate.events += u64::from(holds(item));
        }
        rate
    }

    /// The share, 0..=1; `None` without trials.
    pub fn value(self) -> Option<f64> {
        (self.trials > 0).then(|| self.events as f64 / self.trials as f64)
    }

    /// Least and greatest true rate that would give such counts in one of forty cases or more.
    pub fn interval(self) -> (f64, f64) {
        let (k, n) = (self.events as f64, self.trials as f64);
        if self.trials == 0 {
            return (0.0, 1.0);
        }
        let low = if self.events == 0 {
            0.0
        } else {
            // P(at least k events at rate p) is the regularised beta function I_p(k, n - k + 1).
            solve(|p| incomplete_beta(p, k, n - k + 1.0) - TAIL)
        };
        let high = if self.events == self.trials {
            1.0
        } else {
            solve(|p| incomplete_beta(p, k + 1.0, n - k) - (1.0 - TAIL))
        };
        (low, high)
    }

    /// For reports: share, counts and interval.
    pub fn as_json(self) -> Value {
        let (low, high) = self.interval();
        json!({
            "rate": self.value(),
            "events": self.events,
            "trials": self.trials,
            "interval_95": [low, high],
        })
    }

    /// `1.96 % (1/51; 0.05–10.4 %)`.
    pub fn as_text(self) -> String {
        let Some(value) = self.value() else {
            return String::from("none tried");
        };
        let (low, high) = self.interval();
        format!(
            "{} ({}/{}; {}–{})",
            percent(value),
            self.events,
            self.trials,
            percent(low),
            percent(high)
        )
    }
}

/// A share in per cent with three digits that say something.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    if value == 0.0 {
        String::from("0 %")
    } else if value >= 10.0 {
        format!("{value:.1} %")
    } else if value >= 0.1 {
        format!("{value:.2} %")
    } else {
        format!("{value:.1e} %")
    }
}

/// Where a rising function of a rate is zero.
fn solve(rising: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if rising(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The regularised incomplete beta function by its continued fraction (Lentz).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front =
        (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(x, a, b) / a
    } else {
        1.0 - front * fraction(1.0 - x, b, a) / b
    }
}

fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut sum = d;
    for step in 1..10_000_u32 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        sum *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        let change = d * c;
        sum *= change;
        if (change - 1.0).abs() < 1e-14 {
            break;
        }
    }
    sum
}

/// The logarithm of the gamma function (Lanczos, fifteen digits).
fn ln_gamma(x: f64) -> f64 {
    const SERIES: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let mut sum = 0.999_999_999_999_809_9;
    let mut place = 1.0;
    for part in SERIES {
        sum += part / (x + place);
        place += 1.0;
    }
    let t = x + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 5e-6, "{found} is not {wanted}");
    }

    /// Closed forms at the ends: 1 - 0.025^(1/n), and its mirror image.
    #[test]
    fn nothing_and_everything_have_closed_forms() {
        let (low, high) = Rate::new(0, 100).interval();
        near(low, 0.0);
        near(high, 1.0 - 0.025_f64.powf(0.01));
        let (low, high) = Rate::new(100, 100).interval();
        near(low, 0.025_f64.powf(0.01));
        near(high, 1.0);
    }

    /// Values of the printed tables of Clopper and Pearson.
    #[test]
    fn intervals_are_those_of_the_tables() {
        let (low, high) = Rate::new(5, 100).interval();
        near(low, 0.016_432);
        near(high, 0.112_835);
        let (low, high) = Rate::new(1, 10).interval();
        near(low, 0.002_529);
        near(high, 0.445_016);
        let (low, high) = Rate::new(5, 10).interval();
        near(low, 0.187_086);
        near(high, 0.812_914);
    }

    #[test]
    fn large_counts_do_not_break_down() {
        let (low, high) = Rate::new(1_000, 1_000_000).interval();
        assert!(low > 9.38e-4 && low < 9.40e-4, "{low}");
        assert!(high > 1.063e-3 && high < 1.065e-3, "{high}");
    }

    #[test]
    fn no_trials_say_nothing() {
        assert_eq!(Rate::default().value(), None);
        assert_eq!(Rate::default().interval(), (0.0, 1.0));
    }

    #[test]
    fn rates_are_readable() {
        assert_eq!(Rate::new(1, 51).as_text(), "1.96 % (1/51; 5.0e-2 %–10.4 %)");
        assert_eq!(percent(0.0), "0 %");
    }
}
