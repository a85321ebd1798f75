//! Evidence: templates of photographs on their way in, destruction on time.

pub(crate) mod destroy;
pub(crate) mod templates;
