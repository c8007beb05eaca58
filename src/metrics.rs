//! What the server counts about itself, in the text format that Prometheus reads.
//!
//! One value per process. Counters and histograms are noted where things happen; gauges are set when somebody asks ([`Readings`]), so that nothing runs for a
//! reader who isn't there. Names follow Prometheus' rules (units last, `_total` by the encoder). Deliberately holds nothing about people: labels are codes.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// `Content-Type` of [`Metrics::text`] (OpenMetrics 1.0, which Prometheus reads since 2.5).
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// One label and its value, both from a fixed set of words.
type Label = [(&'static str, &'static str); 1];
type Counts = Family<Label, Counter>;
type Gauges = Family<Label, Gauge>;

/// What is true at the moment of asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readings {
    pub visitor_sockets: i64,
    pub agent_sockets: i64,
    pub chats_waiting: i64,
    pub chats_active: i64,
    pub deliveries_due: i64,
    pub deliveries_held: i64,
    /// How long the dispatcher has left a delivery lying for no reason, in milliseconds.
    pub overdue_ms: i64,
    pub jobs_waiting: i64,
    pub database_bytes: i64,
    pub log_bytes: i64,
    pub resident_bytes: i64,
    pub descriptors_open: i64,
    pub descriptors_max: i64,
}

/// The counters of this process.
pub struct Metrics {
    registry: Registry,
    batch_jobs: Histogram,
    commit_seconds: Histogram,
    queue_wait_seconds: Histogram,
    chat_events: Counts,
    ratings: Counts,
    attempts: Counts,
    attempt_seconds: Histogram,
    refused: Counts,
    answers: Counts,
    sockets: Gauges,
    chats: Gauges,
    outbox: Gauges,
    overdue: Gauge<f64, std::sync::atomic::AtomicU64>,
    jobs_waiting: Gauge,
    database: Gauges,
    resident: Gauge,
    descriptors: Gauge,
    descriptors_max: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            batch_jobs: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            commit_seconds: Histogram::new(exponential_buckets(0.000_25, 2.0, 14)),
            queue_wait_seconds: Histogram::new([1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1_800.0, 3_600.0]),
            chat_events: Counts::default(),
            ratings: Counts::default(),
            attempts: Counts::default(),
            attempt_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 16)),
            refused: Counts::default(),
            answers: Counts::default(),
            sockets: Gauges::default(),
            chats: Gauges::default(),
            outbox: Gauges::default(),
            overdue: Gauge::default(),
            jobs_waiting: Gauge::default(),
            database: Gauges::default(),
            resident: Gauge::default(),
            descriptors: Gauge::default(),
            descriptors_max: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let process = &mut self.registry;
        process.register_with_unit("process_resident_memory", "Memory in use", Unit::Bytes, self.resident.clone());
        process.register("process_open_fds", "Open file descriptors", self.descriptors.clone());
        process.register("process_max_fds", "File descriptors that this process may open", self.descriptors_max.clone());
        let papo = self.registry.sub_registry_with_prefix("papo");
        papo.register("build", "The version that runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        papo.register("sockets", "Open sockets, by kind", self.sockets.clone());
        papo.register("chats_open", "Chats that have not ended, by state", self.chats.clone());
        papo.register("chat_events", "Steps and messages of chats, by the word of the timeline", self.chat_events.clone());
        papo.register("ratings", "Ratings, by score", self.ratings.clone());
        let wait = self.queue_wait_seconds.clone();
        papo.register_with_unit("queue_wait", "Time from the request of a chat to its first start", Unit::Seconds, wait);
        papo.register("commit_jobs", "Jobs in one transaction", self.batch_jobs.clone());
        papo.register_with_unit("commit", "Time of one transaction, its sync to disk included", Unit::Seconds, self.commit_seconds.clone());
        papo.register("writer_jobs_waiting", "Jobs that wait for the writer", self.jobs_waiting.clone());
        papo.register_with_unit("database", "Sizes of the database's files", Unit::Bytes, self.database.clone());
        papo.register("outbox_deliveries", "Webhook deliveries that have not ended, by state", self.outbox.clone());
        let overdue = self.overdue.clone();
        papo.register_with_unit(
            "webhook_due_overdue",
            "How long due webhook work has waited for a dispatcher to take it",
            Unit::Seconds,
            overdue,
        );
        papo.register("webhook_attempts", "Webhook attempts, by outcome", self.attempts.clone());
        papo.register_with_unit("webhook_attempt", "Time of one webhook attempt", Unit::Seconds, self.attempt_seconds.clone());
        papo.register("refused", "Requests and commands that were refused, by code", self.refused.clone());
        papo.register("http_responses", "HTTP answers, by class of status", self.answers.clone());
    }

    /// A transaction was committed.
    pub fn committed(&self, jobs: usize, took: Duration) {
        self.batch_jobs.observe(f64::from(u32::try_from(jobs).unwrap_or(u32::MAX)));
        self.commit_seconds.observe(took.as_secs_f64());
    }

    /// A chat's timeline has a new entry.
    pub fn chat_event(&self, word: &'static str) {
        self.chat_events.get_or_create(&[("event", word)]).inc();
    }

    /// A chat was answered for the first time.
    pub fn waited(&self, seconds: i64) {
        self.queue_wait_seconds.observe(f64::from(i32::try_from(seconds.max(0)).unwrap_or(i32::MAX)));
    }

    /// A chat was rated, from 1 to 5.
    pub fn rated(&self, score: i32) {
        let score = usize::try_from(score - 1).ok().and_then(|place| ["1", "2", "3", "4", "5"].get(place)).copied().unwrap_or("other");
        self.ratings.get_or_create(&[("score", score)]).inc();
    }

    /// A webhook attempt is recorded.
    pub fn attempted(&self, code: &'static str, took_ms: i64) {
        self.attempts.get_or_create(&[("outcome", code)]).inc();
        self.attempt_seconds.observe(Duration::from_millis(u64::try_from(took_ms).unwrap_or(0)).as_secs_f64());
    }

    /// A request or a command was refused.
    pub fn refuse(&self, code: &'static str) {
        self.refused.get_or_create(&[("code", code)]).inc();
    }

    /// An HTTP request was answered.
    pub fn answered(&self, status: u16) {
        let class = match status {
            100..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            _ => "5xx",
        };
        self.answers.get_or_create(&[("status", class)]).inc();
    }

    /// Everything, as text.
    #[must_use]
    pub fn text(&self, readings: &Readings) -> String {
        self.sockets.get_or_create(&[("kind", "visitor")]).set(readings.visitor_sockets);
        self.sockets.get_or_create(&[("kind", "agent")]).set(readings.agent_sockets);
        self.chats.get_or_create(&[("state", "waiting")]).set(readings.chats_waiting);
        self.chats.get_or_create(&[("state", "active")]).set(readings.chats_active);
        self.outbox.get_or_create(&[("state", "due")]).set(readings.deliveries_due);
        self.outbox.get_or_create(&[("state", "held")]).set(readings.deliveries_held);
        self.overdue.set(Duration::from_millis(u64::try_from(readings.overdue_ms).unwrap_or(0)).as_secs_f64());
        self.jobs_waiting.set(readings.jobs_waiting);
        self.database.get_or_create(&[("file", "database")]).set(readings.database_bytes);
        self.database.get_or_create(&[("file", "log")]).set(readings.log_bytes);
        self.resident.set(readings.resident_bytes);
        self.descriptors.set(readings.descriptors_open);
        self.descriptors_max.set(readings.descriptors_max);
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a string takes what is written to it");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_in_the_text() {
        let metrics = Metrics::default();
        metrics.committed(3, Duration::from_millis(2));
        metrics.chat_event("requested");
        metrics.rated(5);
        metrics.attempted("delivered", 12);
        metrics.refuse("rate_limited");
        metrics.answered(503);
        let text = metrics.text(&Readings { visitor_sockets: 7, overdue_ms: 1_500, ..Readings::default() });
        for line in [
            "papo_sockets{kind=\"visitor\"} 7",
            "papo_chat_events_total{event=\"requested\"} 1",
            "papo_ratings_total{score=\"5\"} 1",
            "papo_webhook_attempts_total{outcome=\"delivered\"} 1",
            "papo_refused_total{code=\"rate_limited\"} 1",
            "papo_http_responses_total{status=\"5xx\"} 1",
            "papo_webhook_due_overdue_seconds 1.5",
            "papo_commit_seconds_count 1",
            "papo_commit_jobs_sum 3.0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
