//! The table of addresses: what each one does for which method. Whatever else it is asked for is refused with what it knows.
//!
//! Each address is one resource of the router, whoever declares its methods, so that a wrong method is told from a wrong address. `HEAD` is answered wherever
//! `GET` is, and nobody declares it ([`super::head`]). Knows no handler. Source: RFC 9110, 9.3.2 and 15.5.6.

use actix_web::dev::Handler;
use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, HttpResponse, Responder, Route};

use super::error::AppError;

/// What is declared so far, in the order of the first declarations: where two patterns fit, the earlier one answers.
#[derive(Default)]
pub struct Addresses {
    found: Vec<(String, Vec<Way>)>,
}

/// A method and what it does.
pub struct Way {
    method: Method,
    route: Route,
}

/// What `GET`, and so `HEAD`, does.
pub fn get<F, Args>(handler: F) -> Way
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    on(Method::GET, handler)
}

/// What `POST` does.
pub fn post<F, Args>(handler: F) -> Way
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    on(Method::POST, handler)
}

/// What `DELETE` does.
pub fn delete<F, Args>(handler: F) -> Way
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    on(Method::DELETE, handler)
}

/// What a method does.
pub fn on<F, Args>(method: Method, handler: F) -> Way
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Way { route: web::method(method.clone()).to(handler), method }
}

impl Addresses {
    /// Declares one method of an address.
    pub fn route(&mut self, path: impl Into<String>, way: Way) -> &mut Self {
        let path = path.into();
        match self.found.iter_mut().find(|(known, _)| *known == path) {
            Some((_, ways)) => ways.push(way),
            None => self.found.push((path, vec![way])),
        }
        self
    }

    /// Gives all of them to the router.
    pub fn register(self, cfg: &mut ServiceConfig) {
        for (path, ways) in self.found {
            let allow = allow(&ways);
            let wrong_method = move || {
                let refused = AppError::MethodNotAllowed { allow: allow.clone() };
                async { Err::<HttpResponse, _>(refused) }
            };
            let resource = ways.into_iter().fold(web::resource(path), |resource, way| resource.route(way.route));
            cfg.service(resource.default_service(web::to(wrong_method)));
        }
    }
}

/// The value of `Allow`.
fn allow(ways: &[Way]) -> String {
    let head = |way: &Way| (way.method == Method::GET).then_some(Method::HEAD);
    let mut methods: Vec<Method> = ways.iter().flat_map(|way| std::iter::once(way.method.clone()).chain(head(way))).collect();
    methods.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
}
