//! A stream of Server-Sent Events that says when something moved, and nothing else.

use std::time::Duration;

use actix_web::http::header;
use actix_web::{Error, HttpResponse};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::watch::Receiver;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::hub::outlet::Inlet;
use crate::hub::{Hub, Subscription, Topic};

/// Streams that may be open at once; each costs a connection of a browser.
const STREAMS_MAX: usize = 32;
/// Between two signs of life, shorter than what proxies cut off.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

static PLACES: Semaphore = Semaphore::const_new(STREAMS_MAX);

struct Open {
    moved: Receiver<u64>,
    inlet: Inlet,
    _listens: Subscription,
    _place: SemaphorePermit<'static>,
    begun: bool,
}

/// Opens a stream that tells of each change of `moved` until the reader goes or the server stops; 503 where too many are open.
pub fn open(hub: &Hub, moved: Receiver<u64>) -> HttpResponse {
    let Ok(place) = PLACES.try_acquire() else {
        return HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, "10")).finish();
    };
    let (mut listens, inlet) = hub.connect();
    listens.listen(Topic::Everyone);
    let open = Open { moved, inlet, _listens: listens, _place: place, begun: false };
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(stream::unfold(open, |mut open| async move { open.next().await.map(|event| (Ok::<_, Error>(event), open)) }))
}

impl Open {
    /// The next event; none at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.begun {
            self.begun = true;
            return Some(Bytes::from_static(b"retry: 1500\n\n"));
        }
        loop {
            tokio::select! {
                moved = self.moved.changed() => {
                    return moved.is_ok().then(|| Bytes::from_static(b"event: moved\ndata: 1\n\n"));
                }
                frame = self.inlet.next() => {
                    // Frames for everybody are for sockets; only the end is for us.
                    if frame.is_err() {
                        return None;
                    }
                }
                () = tokio::time::sleep(SIGN_OF_LIFE) => return Some(Bytes::from_static(b": still here\n\n")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::Pin;

    use actix_web::body::{BoxBody, MessageBody as _};
    use actix_web::http::StatusCode;

    use super::{STREAMS_MAX, open};
    use crate::hub::close::Close;
    use crate::hub::{Hub, Topic};
    use crate::webhooks::inspector::{Inspector, Manner};

    async fn next(body: &mut BoxBody) -> Option<String> {
        let chunk = poll_fn(|context| Pin::new(&mut *body).poll_next(context)).await?;
        Some(String::from_utf8_lossy(&chunk.expect("no stream fails")).into_owned())
    }

    #[actix_web::test]
    async fn a_stream_tells_of_every_move_ends_with_the_server_and_gives_its_place_back() {
        let (hub, inspector) = (Hub::default(), Inspector::default());
        let mut body = open(&hub, inspector.moved()).into_body();
        assert_eq!(next(&mut body).await.as_deref(), Some("retry: 1500\n\n"));
        inspector.set_manner(Manner::Broken);
        inspector.clear();
        assert_eq!(next(&mut body).await.as_deref(), Some("event: moved\ndata: 1\n\n"), "two moves are one while nobody reads");
        hub.close(Topic::Everyone, Close::Restart);
        assert_eq!(next(&mut body).await, None);
        drop(body);

        let others: Vec<_> = (0..STREAMS_MAX).map(|_| open(&hub, inspector.moved())).collect();
        assert!(others.iter().all(|other| other.status() == StatusCode::OK));
        assert_eq!(open(&hub, inspector.moved()).status(), StatusCode::SERVICE_UNAVAILABLE);
        drop(others);
        assert_eq!(open(&hub, inspector.moved()).status(), StatusCode::OK);
    }
}
