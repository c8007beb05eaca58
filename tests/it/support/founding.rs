//! An organisation as tests and measurements found it: what it is set up with, what its visitors send, an endpoint of its own. Included by benches
//! too, so it knows `papo` and nothing of the tests.

use std::collections::BTreeSet;

use papo::auth::vault::Vault;
use papo::domain::endpoint::filter::Filter;
use papo::domain::endpoint::secret::Signing;
use papo::domain::endpoint::url::WebhookUrl;
use papo::domain::endpoint::{EndpointDraft, Extras};
use papo::domain::event_type::EventType;
use papo::domain::ids::{DepartmentId, SiteId};
use papo::domain::intake::Intake;
use papo::domain::page::Page;
use papo::domain::site::{Consent, Field, Fields, LocationMode, Site};
use papo::domain::visitor::Device;
use papo::store::commands::NewRequest;
use papo::store::organisation::SetUp;

/// The base64 of 32 zero bytes.
pub const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// A vault with that key.
pub fn vault() -> Vault {
    Vault::from_text(KEY).expect("a key")
}

/// An organisation, its admin, a department and a site that asks for no consent.
pub fn set_up() -> SetUp {
    SetUp {
        organisation: "Casa Murici".to_owned(),
        timezone: "America/Recife".to_owned(),
        locale: "pt-BR".to_owned(),
        admin_name: "Dora".to_owned(),
        admin_email: "dora@example.com".to_owned(),
        password_hash: String::new(),
        department: "Vendas".to_owned(),
        site: Site {
            id: SiteId::new(),
            key: "key".to_owned(),
            name: "Loja".to_owned(),
            default_department: DepartmentId::new(),
            allowed_domains: vec!["shop.example".to_owned()],
            locale: "auto".to_owned(),
            color: "#15465f".to_owned(),
            position: "right".to_owned(),
            theme: "auto".to_owned(),
            title: String::new(),
            greeting: String::new(),
            label: String::new(),
            fields: Fields {
                name: Field::Optional,
                email: Field::Optional,
                phone: Field::Off,
                message: Field::Optional,
                department: Field::Off,
            },
            consent: None,
            privacy_url: None,
            marketing: false,
            location: LocationMode::Queue,
            location_recipients: String::new(),
            location_keep_days: 30,
            archived_at: None,
        },
        inspector_key: "inspector".to_owned(),
    }
}

/// The same, with a site that asks for consent to the first version of a text.
pub fn set_up_with_consent() -> SetUp {
    let mut set_up = set_up();
    set_up.site.consent = Some(Consent { version: 1, text: "Usaremos seus dados para responder.".to_owned() });
    set_up
}

/// What is stored of a visitor's token that nobody had before.
pub fn token_hash() -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    hash
}

/// The visitor with this token asks for help and tells no more than this.
pub fn request(site: SiteId, token_hash: [u8; 32], intake: Intake) -> NewRequest {
    NewRequest {
        site,
        token_hash,
        intake,
        fields: "{}".to_owned(),
        origin: "widget".to_owned(),
        locale: "pt-BR".to_owned(),
        timezone: None,
        page: Page::default(),
        device: Device::default(),
        user_agent: None,
        address: None,
        previous_chat: None,
        receipt: None,
    }
}

/// As [`request`], from a browser that tells what browsers tell.
pub fn request_of_browser(site: SiteId, token_hash: [u8; 32], intake: Intake) -> NewRequest {
    NewRequest {
        fields: r#"{"cidade":"Recife"}"#.to_owned(),
        timezone: Some("America/Recife".to_owned()),
        user_agent: Some("Firefox".to_owned()),
        address: Some("203.0.113.7".to_owned()),
        ..request(site, token_hash, intake)
    }
}

/// An endpoint for these events.
pub fn draft(url: &str, events: &[EventType]) -> EndpointDraft {
    EndpointDraft {
        name: "CRM".to_owned(),
        url: WebhookUrl::parse(url).expect("a URL"),
        plain_http_accepted: true,
        filter: Filter { events: events.iter().copied().collect(), ..Filter::default() },
        extras: Extras::default(),
        enrich: BTreeSet::new(),
        signing: Signing::Hmac,
        strict_order: false,
        rate_per_second: None,
        enabled: true,
    }
}
