//! `HEAD`: what `GET` would say, without saying it (RFC 9110, 9.3.2).
//!
//! Handlers see a `GET`; their body is let go unread, so that a stream which never ends doesn't begin. The HTTP library remembers what was asked for and writes
//! the head alone, with the length that the body would have.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use bytes::Bytes;

/// For `wrap(from_fn(…))`, innermost: the log tells of the `HEAD` that came.
///
/// # Errors
/// Those of the handlers inside.
pub async fn as_get(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if request.method() != Method::HEAD {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    }
    request.head_mut().method = Method::GET;
    // Only a real GET opens a socket (RFC 6455, 4.1).
    request.headers_mut().remove(header::UPGRADE);
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| BoxBody::new(Unsaid(body.size()))))
}

/// A body that is not sent, with its size.
struct Unsaid(BodySize);

impl MessageBody for Unsaid {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.0
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(None)
    }
}
