//! Which page a request comes from, by its own account: the header `Origin`. What follows from it is decided elsewhere.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};

use crate::config::Config;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nothing is said of it, as programs do.
    Unsaid,
    /// A page of ours.
    Ours,
    /// Somebody else's page, none that has a name, or more than one: whoever adds a second header would have the first one believed.
    Foreign,
}

impl Origin {
    /// What a request says.
    #[must_use]
    pub fn of(request: &HttpRequest, config: &Config) -> Self {
        match request.headers().get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default()) {
            None => Self::Unsaid,
            Some(origin) if config.is_own_origin(origin) && !is_repeated(request, &header::ORIGIN) => Self::Ours,
            Some(_) => Self::Foreign,
        }
    }
}

/// Whether a header comes more than once.
#[must_use]
pub fn is_repeated(request: &HttpRequest, name: &HeaderName) -> bool {
    request.headers().get_all(name).count() > 1
}
