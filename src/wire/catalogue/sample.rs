//! Made-up data for examples and tests, as a shop in Recife might see it.

use serde_json::{Map, Value};

use crate::domain::event_type::EventType;
use crate::domain::ids::EventId;
use crate::domain::time::Timestamp;
use crate::domain::webhook_id::WebhookId;
use crate::wire::payload::{
    AbandonReason, About, Actor, ActorKind, Agent, AgentAvailabilityChanged, Availability, Chat, ChatAbandoned, ChatFinished, ChatMissed,
    ChatRated, ChatRequested, ChatStarted, ChatState, ChatTagged, ChatTransferred, Consent, Data, Department, Device, ErasedVisitor,
    FinishReason, Frame, Location, LocationSource, Message, MessageCounts, MessageCreated, MessageUpdated, More, Named, OfflineMessage,
    OfflineMessageCreated, Page, Place, Queue, Rating, RatingLabel, TransferReason, Utm, Visitor, VisitorErased, VisitorLocated,
    VisitorLocationRevoked, VisitorUpdated, WebhookTest, to_body,
};

/// Sunday, 22 November 2026, 12:34:56.789 UTC.
const EXAMPLE_AT: Timestamp = Timestamp::from_ms(1_795_350_896_789);

/// Whose data: an example's, which look real, or a test's, which must not.
pub struct Flavour {
    test: bool,
    endpoint: Named,
}

impl Flavour {
    pub fn example() -> Self {
        Self { test: false, endpoint: Named { id: uuid_like("e1"), name: "CRM da loja".to_owned() } }
    }

    pub fn test(endpoint: Named) -> Self {
        Self { test: true, endpoint }
    }

    /// The frame of an example.
    pub fn frame(&self, event: EventType) -> Frame {
        Frame {
            id: WebhookId { event: EventId(uuid::Uuid::from_u128(0x019a_abc4_5f15_7000_8000_0000_0000_0001)), test: self.test },
            at: EXAMPLE_AT,
            sequence: event.is_sequenced().then(|| sequence(event)),
            organisation: Named { id: self.id("organisation", "01"), name: "Casa Murici".to_owned() },
        }
    }

    fn id(&self, test: &str, example: &str) -> String {
        if self.test { format!("test_{test}") } else { uuid_like(example) }
    }

    fn email(&self, name: &str) -> String {
        format!("{name}@{}", if self.test { "example.com" } else { "casamurici.example" })
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}{path}", if self.test { "example.com" } else { "www.casamurici.example" })
    }

    fn agent(&self) -> Agent {
        Agent {
            id: self.id("agent", "a1"),
            name: "Marina Duarte".to_owned(),
            email: self.email("marina"),
            external_id: (!self.test).then(|| "vend-07".to_owned()),
        }
    }

    fn department(&self) -> Department {
        Department { id: self.id("department", "d1"), name: "Vendas".to_owned(), external_id: None }
    }

    fn page(&self) -> Page {
        Page {
            url: Some(self.url("/redes/rede-de-varanda?utm_source=instagram&utm_campaign=verao")),
            title: Some("Rede de varanda".to_owned()),
            referrer: Some(self.url("/")),
        }
    }

    fn tags(&self) -> Vec<Named> {
        vec![Named { id: self.id("tag", "b1"), name: "orçamento".to_owned() }]
    }

    fn rating(&self, score: u8, comment: Option<&str>) -> Rating {
        Rating { score, label: RatingLabel::of(score), comment: comment.map(str::to_owned), agent: Some(self.agent()) }
    }

    fn by_visitor(&self) -> Actor {
        Actor { kind: ActorKind::Visitor, id: Some(self.id("visitor", "c1")), name: Some("Ana Beatriz Lins".to_owned()) }
    }

    fn by_endpoint(&self) -> Actor {
        Actor { kind: ActorKind::Webhook, id: Some(self.id("endpoint", "e1")), name: Some(self.endpoint.name.clone()) }
    }

    fn by_agent(&self) -> Actor {
        Actor { kind: ActorKind::Agent, id: Some(self.id("agent", "a1")), name: Some("Marina Duarte".to_owned()) }
    }

    fn visitor(&self) -> Visitor {
        Visitor {
            id: self.id("visitor", "c1"),
            external_id: None,
            verified: Vec::new(),
            name: Some("Ana Beatriz Lins".to_owned()),
            email: Some(if self.test { "ana@example.com".to_owned() } else { "ana.lins@correio.example".to_owned() }),
            phone: Some("+5581998760142".to_owned()),
            phone_raw: Some("(81) 99876-0142".to_owned()),
            locale: Some("pt-BR".to_owned()),
            first_seen_at: EXAMPLE_AT.plus_seconds(-86_400).into(),
            chats_count: 1,
            device: Device { kind: Some("mobile".to_owned()), os: Some("Android".to_owned()), browser: Some("Chrome".to_owned()) },
            custom: Map::new(),
            ip: None,
            user_agent: None,
        }
    }

    fn chat(&self, event: EventType) -> Chat {
        let state = state_after(event);
        let started = !matches!(state, ChatState::Waiting | ChatState::Abandoned | ChatState::Missed);
        let ended = !matches!(state, ChatState::Waiting | ChatState::Active);
        let mut fields = Map::new();
        fields.insert("cidade".to_owned(), Value::from("Recife"));
        Chat {
            id: self.id("chat", "f1"),
            protocol: "20261122-000042".to_owned(),
            state,
            origin: "widget".to_owned(),
            locale: "pt-BR".to_owned(),
            timezone: Some("America/Recife".to_owned()),
            site: Named { id: self.id("site", "51"), name: "Loja".to_owned() },
            department: self.department(),
            subject: Some("Oi, a rede de varanda aguenta duas pessoas?".to_owned()),
            page: self.page(),
            utm: Utm { source: Some("instagram".to_owned()), campaign: Some("verao".to_owned()), ..Utm::default() },
            fields,
            tags: if matches!(event, EventType::ChatTagged | EventType::ChatFinished) { self.tags() } else { Vec::new() },
            rating: (event == EventType::ChatRated).then(|| self.rating(5, Some("Muito atenciosa"))),
            requested_at: EXAMPLE_AT.plus_seconds(-300).into(),
            started_at: started.then(|| EXAMPLE_AT.plus_seconds(-288).into()),
            finished_at: ended.then(|| EXAMPLE_AT.into()),
            previous_chat_id: None,
            console_url: self.url("/console/chats/20261122-000042"),
        }
    }

    fn about(&self, event: EventType) -> About {
        let chat = match event {
            EventType::VisitorUpdated
            | EventType::VisitorErased
            | EventType::OfflineMessageCreated
            | EventType::AgentAvailabilityChanged
            | EventType::WebhookTest => None,
            EventType::ChatRequested
            | EventType::VisitorLocated
            | EventType::ChatStarted
            | EventType::ChatRated
            | EventType::ChatFinished
            | EventType::ChatTagged
            | EventType::ChatAbandoned
            | EventType::ChatMissed
            | EventType::ChatTransferred
            | EventType::MessageCreated
            | EventType::MessageUpdated
            | EventType::VisitorLocationRevoked => Some(self.chat(event)),
        };
        let has_visitor = !matches!(event, EventType::AgentAvailabilityChanged | EventType::WebhookTest);
        let is_answered = chat.as_ref().is_some_and(|chat| matches!(chat.state, ChatState::Active | ChatState::Finished));
        About {
            consent: chat.is_some().then(|| Consent {
                text: "Usaremos seus dados para responder a este atendimento.".to_owned(),
                version: "3".to_owned(),
                accepted_at: EXAMPLE_AT.plus_seconds(-300).into(),
                marketing: false,
            }),
            chat,
            visitor: has_visitor.then(|| self.visitor()),
            agent: (is_answered || event == EventType::AgentAvailabilityChanged).then(|| self.agent()),
        }
    }

    fn message(&self) -> Message {
        Message {
            id: self.id("message", "91"),
            seq: 4,
            author: self.by_agent(),
            body: "Aguenta sim, até 180 kg.".to_owned(),
            attachments: Vec::new(),
            created_at: EXAMPLE_AT.into(),
        }
    }
}

/// A made-up body of one type.
pub fn body(event: EventType, frame: &Frame, of: &Flavour) -> Vec<u8> {
    match event {
        EventType::ChatRequested => {
            told(frame, of, ChatRequested { queue: Queue { position: 2, estimated_wait_seconds: Some(240), agents_available: 3 } })
        }
        EventType::VisitorLocated => {
            let (consented_at, source) = (EXAMPLE_AT.into(), LocationSource::Queue);
            let location = Location { latitude: -8.063_1, longitude: -34.871_1, accuracy_m: Some(24.0), consented_at, source };
            told(frame, of, VisitorLocated { location })
        }
        EventType::ChatStarted => told(frame, of, ChatStarted { first: true, waited_seconds: 12 }),
        EventType::ChatRated => {
            told(frame, of, ChatRated { rating: of.rating(5, Some("Muito atenciosa")), previous: Some(of.rating(4, None)) })
        }
        EventType::ChatFinished => told(
            frame,
            of,
            ChatFinished {
                by: of.by_visitor(),
                reason: FinishReason::Closed,
                waited_seconds: 12,
                duration_seconds: 288,
                first_response_seconds: Some(9),
                messages: MessageCounts { visitor: 5, agent: 6 },
                agents: vec![of.agent()],
                transcript: None,
            },
        ),
        EventType::ChatTagged => told(frame, of, ChatTagged { tags: of.tags(), added: of.tags(), removed: Vec::new(), by: of.by_agent() }),
        EventType::ChatAbandoned => {
            let reason = AbandonReason::Left;
            told(frame, of, ChatAbandoned { reason, waited_seconds: 300, queue_position: 2, short_abandonment: false })
        }
        EventType::ChatMissed => told(frame, of, ChatMissed { waited_seconds: 600, queue_position: 1 }),
        EventType::ChatTransferred => {
            let support = Department { id: of.id("department_2", "d2"), name: "Suporte".to_owned(), external_id: None };
            let from = Place { agent: Some(of.agent()), department: of.department() };
            let to = Place { agent: None, department: support };
            told(frame, of, ChatTransferred { reason: TransferReason::Transferred, by: of.by_agent(), from, to, note: None })
        }
        EventType::MessageCreated => told(frame, of, MessageCreated { message: of.message() }),
        EventType::MessageUpdated => told(frame, of, MessageUpdated { message: of.message() }),
        EventType::OfflineMessageCreated => {
            let offline_message = OfflineMessage {
                id: of.id("offline_message", "71"),
                name: Some("Ana Beatriz Lins".to_owned()),
                email: Some(of.email("ana")),
                phone: Some("+5581998760142".to_owned()),
                department: of.department(),
                body: "Vocês entregam em Olinda no sábado?".to_owned(),
                page: of.page(),
                chat_id: None,
            };
            told(frame, of, OfflineMessageCreated { offline_message })
        }
        EventType::VisitorUpdated => {
            told(frame, of, VisitorUpdated { changed: vec!["email".to_owned(), "phone".to_owned()], by: of.by_endpoint() })
        }
        EventType::VisitorLocationRevoked => told(frame, of, VisitorLocationRevoked { changed: vec!["location".to_owned()] }),
        EventType::VisitorErased => {
            let visitor = ErasedVisitor { id: of.id("visitor", "c1"), external_id: None };
            let changed = ["name", "email", "phone"].map(str::to_owned).to_vec();
            to_body(frame, VisitorErased { chat: None, visitor, consent: None, agent: None, changed })
        }
        EventType::AgentAvailabilityChanged => {
            told(frame, of, AgentAvailabilityChanged { from: Availability::Online, to: Availability::Paused })
        }
        EventType::WebhookTest => told(frame, of, WebhookTest { endpoint: of.endpoint.clone() }),
    }
}

fn told<M: More>(frame: &Frame, of: &Flavour, more: M) -> Vec<u8> {
    to_body(frame, Data { about: of.about(M::EVENT), more })
}

const fn state_after(event: EventType) -> ChatState {
    match event {
        EventType::ChatRequested | EventType::VisitorLocated => ChatState::Waiting,
        EventType::ChatRated | EventType::ChatFinished => ChatState::Finished,
        EventType::ChatAbandoned => ChatState::Abandoned,
        EventType::ChatMissed => ChatState::Missed,
        EventType::ChatTransferred => ChatState::Waiting,
        EventType::ChatStarted
        | EventType::ChatTagged
        | EventType::MessageCreated
        | EventType::MessageUpdated
        | EventType::OfflineMessageCreated
        | EventType::VisitorUpdated
        | EventType::VisitorLocationRevoked
        | EventType::VisitorErased
        | EventType::AgentAvailabilityChanged
        | EventType::WebhookTest => ChatState::Active,
    }
}

const fn sequence(event: EventType) -> i64 {
    match event {
        EventType::ChatRequested => 1,
        EventType::VisitorLocated | EventType::ChatAbandoned | EventType::ChatMissed => 2,
        EventType::ChatStarted => 3,
        EventType::ChatTagged | EventType::ChatTransferred | EventType::VisitorLocationRevoked => 4,
        EventType::ChatFinished => 5,
        EventType::ChatRated => 6,
        EventType::MessageCreated
        | EventType::MessageUpdated
        | EventType::OfflineMessageCreated
        | EventType::VisitorUpdated
        | EventType::VisitorErased
        | EventType::AgentAvailabilityChanged
        | EventType::WebhookTest => 0,
    }
}

fn uuid_like(digits: &str) -> String {
    format!("019aabc4-5f15-7000-8000-0000000000{digits}")
}
