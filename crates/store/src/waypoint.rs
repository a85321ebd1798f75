//! Places in the narrow waist where a test may stop or hold a use case, as a process that dies
//! there would. In a program that is no test there is nothing here.

/// A place that every use case passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    not(any(test, feature = "testing")),
    expect(unreachable_pub, reason = "`testing` shows it to tests")
)]
pub enum Waypoint {
    /// Before a transaction.
    Begin,
    /// Before a statement.
    Statement,
    /// Before what was written becomes durable.
    Commit,
    /// It is durable, and nobody was told.
    Committed,
}

#[cfg(any(test, feature = "testing"))]
pub(crate) use crate::testing::stops::pass;

/// Passes.
#[cfg(not(any(test, feature = "testing")))]
#[inline]
pub(crate) fn pass(_: Waypoint) -> std::future::Ready<()> {
    std::future::ready(())
}
