//! An organisation as tests and measurements found it: what it is set up with, what its visitors send, an endpoint of its own. Included by benches
//! too, so it knows `papo` and nothing of the tests.

use papo::auth::token::Token;
use papo::auth::vault::Vault;
use papo::domain::endpoint::EndpointDraft;
use papo::domain::endpoint::filter::Filter;
use papo::domain::endpoint::url::WebhookUrl;
use papo::domain::event_type::EventType;
use papo::domain::ids::SiteId;
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
            name: "Loja".to_owned(),
            allowed_domains: vec!["shop.example".to_owned()],
            fields: Fields { name: Field::Optional, phone: Field::Off, ..Fields::default() },
            location: LocationMode::Queue,
            ..Site::new("key")
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
    *Token::new().hash().bytes()
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
        plain_http_accepted: true,
        filter: Filter { events: events.iter().copied().collect(), ..Filter::default() },
        ..EndpointDraft::to(WebhookUrl::parse(url).expect("a URL"))
    }
}
