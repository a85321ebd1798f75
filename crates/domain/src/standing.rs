//! Whether an app may ask for verifications, and what stands in the way. Knows no codes: each door
//! has its own number for the same obstacle.

/// How an app and its account stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may ask.
    Ready,
    /// The app was frozen: its secrets and tokens are dead until it is unfrozen.
    Frozen,
    /// The account has not accepted an agreement yet: the service is not opened.
    AccountNotOpen,
    /// No application for access was approved for the app.
    NotEntitled,
}

impl Standing {
    /// The first thing that stands in the way. Frozen comes before the rest: whoever holds a
    /// frozen secret learns nothing else.
    pub const fn of(is_frozen: bool, is_account_open: bool, is_entitled: bool) -> Self {
        if is_frozen {
            Self::Frozen
        } else if !is_account_open {
            Self::AccountNotOpen
        } else if is_entitled {
            Self::Ready
        } else {
            Self::NotEntitled
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Standing;

    #[test]
    fn the_first_obstacle_is_named() {
        let rows = [
            (false, true, true, Standing::Ready),
            (false, true, false, Standing::NotEntitled),
            (false, false, true, Standing::AccountNotOpen),
            (false, false, false, Standing::AccountNotOpen),
            (true, true, true, Standing::Frozen),
            (true, false, false, Standing::Frozen),
        ];
        for (frozen, open, entitled, standing) in rows {
            assert_eq!(Standing::of(frozen, open, entitled), standing);
        }
    }
}
