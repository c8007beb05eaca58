//! What becomes of a connection whose request was answered before its body came: it is closed.
//!
//! The HTTP library reads the rest of a chunked body that nobody wants, so as to keep the connection, and waits for it without a limit: half a body would hold
//! a connection for ever. It closes those whose body somebody still holds when the answer goes out. So somebody does.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage as _;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::middleware::Next;
use bytes::Bytes;
use futures_util::Stream;

/// For `wrap(from_fn(…))`, outermost: holds each chunked body until its answer is sent.
///
/// # Errors
/// Those of the handlers inside.
pub async fn close(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if !request.headers().contains_key(header::TRANSFER_ENCODING) {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    }
    let incoming = Incoming(Rc::new(RefCell::new(request.take_payload())));
    request.set_payload(Payload::Stream { payload: Box::pin(incoming.clone()) });
    let response = next.call(request).await?.map_into_boxed_body();
    Ok(response.map_body(|_, body| BoxBody::new(Answer { body, _incoming: incoming })))
}

/// A body that comes, with more than one owner.
#[derive(Clone)]
struct Incoming(Rc<RefCell<Payload>>);

impl Stream for Incoming {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(cx)
    }
}

/// A body that goes, beside the one that it answers.
struct Answer {
    body: BoxBody,
    _incoming: Incoming,
}

impl MessageBody for Answer {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
