//! Sockets: the upgrade, the heartbeat, and the pump between a client and its handler.
//!
//! One task per socket. It handles one command after the other, so answers keep their order; frames from the hub go out between. A peer that takes
//! nothing for [`SEND_TIMEOUT`] is given up: its task ends at once, and the kernel's own limit on unacknowledged data closes the connection.

mod agent;
mod answer;
pub mod card;
mod incoming;
mod visitor;

use std::pin::Pin;
use std::time::Duration;

use actix_web::web::{Data, Payload};
use actix_web::{FromRequest as _, HttpRequest, HttpResponse, rt};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, ProtocolError, Session};
use bytestring::ByteString;
use futures_util::StreamExt as _;
use tokio::time::{Interval, MissedTickBehavior, Sleep, interval, sleep, timeout};

use super::addresses::{Addresses, get};
use super::client;
use super::error::{self, AppError};
use super::origin::Origin;
use super::rates::SocketLimit;
use super::state::AppState;
use crate::clock::Clock;
use crate::domain::time::Timestamp;
use crate::hub::Topic;
use crate::hub::close::Close;
use crate::hub::outlet::Inlet;
use crate::i18n::Locale;
use crate::store::error::StoreError;
use crate::wire::frames::{CommonFrame, encode};

/// Largest frame, and largest message of several frames: 10,000 scalar values may be 120 kB of escaped JSON.
pub const FRAME_BYTES_MAX: usize = 160 * 1024;
/// Time to say hello.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two pings.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// Silence after which a socket is closed: two and a half heartbeats.
const SILENCE_SECONDS_MAX: i64 = 75;
/// How long a peer may take nothing.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);
/// How long marks are gathered before they are stored.
const MARKS_INTERVAL: Duration = Duration::from_millis(250);
/// Frames of any kind in a minute after which a socket is closed: ten times what any client of ours sends, or may send where an operator allows more.
const FRAMES_PER_MINUTE_MAX: u32 = 6_000;
/// Frames for each command that is allowed: signals are ten times as many.
const FRAMES_PER_COMMAND: u32 = 11;
/// Malformed frames after which a socket is closed.
const MALFORMED_MAX: u32 = 10;
/// Time after which clients come back from a restart.
const RECONNECT_MS: u64 = 1_000;

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/ws/visitor", get(connect_visitor)).route("/ws/agent", get(connect_agent));
}

async fn connect_visitor(request: HttpRequest, body: Payload, state: Data<AppState>) -> Result<HttpResponse, actix_web::Error> {
    admit(&request, &state)?;
    let handler = visitor::VisitorSocket::new(state.clone(), &request);
    upgrade(&request, body, &state, handler, state.limits.rates.visitor_commands_per_minute)
}

async fn connect_agent(request: HttpRequest, body: Payload, state: Data<AppState>) -> Result<HttpResponse, actix_web::Error> {
    let with_origin = admit(&request, &state)?;
    let handler = agent::AgentSocket::new(state.clone(), &request, with_origin);
    upgrade(&request, body, &state, handler, state.limits.rates.agent_commands_per_minute)
}

/// Refuses a foreign origin, an address that connects too often, and everybody where there are no descriptors left for sockets. Returns whether a browser's page of ours asks.
fn admit(request: &HttpRequest, state: &AppState) -> Result<bool, AppError> {
    state.limits.connection(client::address_of(request, &state.config))?;
    if state.hub.count(Topic::Everyone) >= state.sockets_max {
        tracing::warn!(sockets = state.sockets_max, "a socket was refused: the descriptor limit allows no more");
        return Err(StoreError::Overloaded.into());
    }
    match Origin::of(request, &state.config) {
        Origin::Unsaid => Ok(false),
        Origin::Ours => Ok(true),
        Origin::Foreign => Err(AppError::ForeignOrigin),
    }
}

fn upgrade<H: Handler>(
    request: &HttpRequest,
    body: Payload,
    state: &AppState,
    mut handler: H,
    commands_per_minute: u32,
) -> Result<HttpResponse, actix_web::Error> {
    let mut measured = incoming::Measured::new(body.into_inner()).into_payload();
    let (response, session, stream) = actix_ws::handle(request, Payload::from_request(request, &mut measured).into_inner()?)?;
    let stream = stream.max_frame_size(FRAME_BYTES_MAX).aggregate_continuations().max_continuation_size(FRAME_BYTES_MAX);
    let (mut subscription, inlet) = state.hub.connect();
    subscription.listen(Topic::Everyone);
    handler.subscribe(subscription);
    let (malformed, clock) = (0, state.store.clock().clone());
    let locale = error::locale(request);
    let frames_per_minute = FRAMES_PER_MINUTE_MAX.max(commands_per_minute.saturating_mul(FRAMES_PER_COMMAND));
    rt::spawn(async move {
        let flood = SocketLimit::new(frames_per_minute);
        let socket = Socket { session, stream, inlet, heard: clock.now().steady, clock, malformed, flood, locale };
        socket.run(handler).await;
    });
    Ok(response)
}

/// One side's part of a socket: what its frames do.
pub(super) trait Handler: Sized + 'static {
    /// Takes the place in the hub.
    fn subscribe(&mut self, subscription: crate::hub::Subscription);
    /// Whether `hello` was said and answered.
    fn is_ready(&self) -> bool;
    /// Handles one frame; answers go to `answers`.
    async fn handle(&mut self, text: &str, answers: &mut Answers) -> Result<(), Close>;
    /// Whether marks wait to be stored.
    fn has_marks(&self) -> bool;
    /// Stores the marks.
    async fn store_marks(&mut self);
    /// The socket is gone.
    async fn gone(self);
}

/// What goes back for one frame, in order.
#[derive(Default)]
pub(super) struct Answers {
    pub frames: Vec<ByteString>,
    /// Counts towards [`MALFORMED_MAX`].
    pub malformed: bool,
}

struct Socket {
    session: Session,
    stream: AggregatedMessageStream,
    inlet: Inlet,
    clock: Clock,
    /// Steady time of the last frame.
    heard: Timestamp,
    malformed: u32,
    flood: SocketLimit,
    locale: Locale,
}

/// Why the pump ended.
enum End {
    /// We close, and say why.
    Close(Close),
    /// The peer closed or is gone.
    Gone,
    /// The peer takes nothing; not even a close would get through.
    Stalled,
}

impl Socket {
    async fn run<H: Handler>(mut self, mut handler: H) {
        let end = self.pump(&mut handler).await;
        if handler.has_marks() {
            Box::pin(handler.store_marks()).await;
        }
        Box::pin(handler.gone()).await;
        match end {
            End::Close(close) => {
                tracing::debug!(code = close.code(), locale = self.locale.tag(), "a socket is closed");
                if close == Close::Restart {
                    let frame = encode(&CommonFrame::GoingAway { reconnect_in_ms: RECONNECT_MS });
                    drop(timeout(SEND_TIMEOUT, self.session.text(frame)).await);
                }
                let reason = CloseReason { code: CloseCode::from(close.code()), description: Some(close.reason().to_owned()) };
                drop(timeout(SEND_TIMEOUT, self.session.close(Some(reason))).await);
            }
            End::Gone | End::Stalled => {}
        }
    }

    async fn pump<H: Handler>(&mut self, handler: &mut H) -> End {
        let mut heartbeat = heartbeat();
        let hello = sleep(HELLO_TIMEOUT);
        tokio::pin!(hello);
        let mut marks_due: Option<Pin<Box<Sleep>>> = None;
        loop {
            let marks = async {
                match marks_due.as_mut() {
                    Some(due) => due.as_mut().await,
                    None => std::future::pending().await,
                }
            };
            let step = tokio::select! {
                frame = self.inlet.next() => match frame {
                    Ok(frame) => self.send(frame).await,
                    Err(close) => Err(End::Close(close)),
                },
                message = self.stream.next() => self.hear(message, handler).await,
                _ = heartbeat.tick() => self.beat().await,
                () = marks => {
                    Box::pin(handler.store_marks()).await;
                    marks_due = None;
                    Ok(())
                }
                () = &mut hello, if !handler.is_ready() => Err(End::Close(Close::Policy)),
            };
            if let Err(end) = step {
                return end;
            }
            if marks_due.is_none() && handler.has_marks() {
                marks_due = Some(Box::pin(sleep(MARKS_INTERVAL)));
            }
        }
    }

    async fn send(&mut self, frame: ByteString) -> Result<(), End> {
        match timeout(SEND_TIMEOUT, self.session.text(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_closed)) => Err(End::Gone),
            Err(_elapsed) => Err(End::Stalled),
        }
    }

    async fn beat(&mut self) -> Result<(), End> {
        if self.clock.now().steady > self.heard.plus_seconds(SILENCE_SECONDS_MAX) {
            return Err(End::Close(Close::Silent));
        }
        match timeout(SEND_TIMEOUT, self.session.ping(b"")).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_closed)) => Err(End::Gone),
            Err(_elapsed) => Err(End::Stalled),
        }
    }

    async fn hear<H: Handler>(&mut self, message: Option<Result<AggregatedMessage, ProtocolError>>, handler: &mut H) -> Result<(), End> {
        self.heard = self.clock.now().steady;
        if self.flood.check().is_err() {
            return Err(End::Close(Close::TooMany));
        }
        match message {
            None => Err(End::Gone),
            Some(Ok(AggregatedMessage::Text(text))) => {
                let mut answers = Answers::default();
                // Apart from the socket's own task, whose size every silent socket pays.
                let handled = Box::pin(handler.handle(&text, &mut answers)).await;
                for frame in answers.frames {
                    self.send(frame).await?;
                }
                self.malformed += u32::from(answers.malformed);
                if self.malformed >= MALFORMED_MAX {
                    return Err(End::Close(Close::Policy));
                }
                handled.map_err(End::Close)
            }
            Some(Ok(AggregatedMessage::Binary(_))) => Err(End::Close(Close::Policy)),
            Some(Ok(AggregatedMessage::Ping(bytes))) => match timeout(SEND_TIMEOUT, self.session.pong(&bytes)).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(End::Gone),
                Err(_elapsed) => Err(End::Stalled),
            },
            Some(Ok(AggregatedMessage::Pong(_))) => Ok(()),
            Some(Ok(AggregatedMessage::Close(reason))) => {
                drop(timeout(SEND_TIMEOUT, self.session.clone().close(reason)).await);
                Err(End::Gone)
            }
            Some(Err(error)) => Err(incoming::close_for(&error).map_or(End::Gone, End::Close)),
        }
    }
}

/// The heartbeat; a socket that was busy is not pinged twice for it.
fn heartbeat() -> Interval {
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first one is due after the interval, not at once.
    heartbeat.reset();
    heartbeat
}
