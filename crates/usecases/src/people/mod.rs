//! The tenant's own library of people.

pub mod enrol;
