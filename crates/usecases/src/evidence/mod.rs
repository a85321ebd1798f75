//! Evidence: templates of photographs on their way in, destruction on time, and of what nobody can open.

pub(crate) mod destroy;
pub(crate) mod orphans;
pub(crate) mod templates;
