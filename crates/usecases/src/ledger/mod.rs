//! Money: in by recharge, frozen at the question, settled or released with the answer.

pub mod close;
pub mod freeze;
pub mod recharge;
