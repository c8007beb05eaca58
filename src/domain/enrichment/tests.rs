//! Every rule of what is taken of an answer, and the reason where it isn't.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::decide::{Decided, Known, bars, decide, is_answered};
use super::{
    Answer, CARD_CONTENT_LENGTH_MAX, CARD_TITLE_LENGTH_MAX, CARDS_MAX, CARDS_OF_ANSWER_MAX, CUSTOM_FIELDS_MAX, CUSTOM_NAME_LENGTH_MAX,
    CUSTOM_VALUE_LENGTH_MAX, CardTold, Enrichment, Field, Item, Reason, Scalar,
};
use crate::domain::chat::TAGS_MAX;
use crate::domain::chat::command::{Actor, Command, Recipient};
use crate::domain::chat::tests::fixture::{
    ANA, BILLING, DELIVERY, DORA, ENDPOINT, OBSOLETE, SALES, SHOP, SUPPORT, Scene, VISITOR, second, tags, transfer,
};
use crate::domain::delivery::Cause;
use crate::domain::event_type::EventType;
use crate::domain::ids::{DepartmentId, EndpointId, TagId};
use crate::domain::site;
use crate::domain::tag::Tag;
use crate::domain::text::{MESSAGE_LENGTH_MAX, NAME_LENGTH_MAX};
use crate::domain::visitor::{Card, Device, Filled, Visitor};

/// An answer to a chat, with everything allowed and nothing known, until the test says otherwise.
struct Case {
    scene: Scene,
    visitor: Visitor,
    custom: BTreeSet<String>,
    notes: Vec<String>,
    allowed: BTreeSet<Field>,
}

impl Case {
    fn of(scene: Scene) -> Self {
        let visitor = Visitor {
            id: VISITOR,
            site: SHOP,
            external_id: None,
            verified: Vec::new(),
            name: None,
            email: None,
            phone: None,
            phone_raw: None,
            locale: None,
            timezone: None,
            device: Device::default(),
            custom: "{}".to_owned(),
            filled: BTreeMap::new(),
            cards: Vec::new(),
            user_agent: None,
            address: None,
            first_seen_at: second(0).wall,
            chats_count: 1,
        };
        Self { scene, visitor, custom: BTreeSet::new(), notes: Vec::new(), allowed: Field::ALL.iter().copied().collect() }
    }

    fn decide(&self, answer: &Answer) -> Decided {
        let known = Known {
            chat: &self.scene.chat,
            visitor: &self.visitor,
            custom: &self.custom,
            notes: &self.notes,
            directory: &self.scene.directory,
            endpoint: ENDPOINT,
            now: second(9).wall,
        };
        decide(answer, &self.allowed, &known)
    }

    /// The reasons of what was not taken, where nothing was.
    fn refusals(&self, answer: &Answer) -> Vec<&'static str> {
        let Decided { filling, tags, note, department, outcome } = self.decide(answer);
        assert!(filling.is_empty() && tags.is_none() && note.is_none() && department.is_none(), "{outcome:?}");
        assert_eq!(outcome.taken, [], "what isn't done is not called taken");
        outcome.ignored.iter().map(|(_, reason)| reason.as_str()).collect()
    }
}

fn whole() -> Answer {
    Answer {
        name: "Ana Beatriz".to_owned(),
        email: "Ana@Example.COM".to_owned(),
        phone: "(81) 99876-0142".to_owned(),
        custom: vec![("plano".to_owned(), Scalar::Text("ouro".to_owned()))],
        cards: vec![card("Pedido", "10482")],
        tags: vec!["Cobrança".to_owned()],
        department: "vendas".to_owned(),
        note: "cliente antigo".to_owned(),
    }
}

fn card(title: &str, content: &str) -> CardTold {
    CardTold { title: title.to_owned(), content: content.to_owned(), url: String::new() }
}

fn linked(url: &str) -> Answer {
    Answer { cards: vec![CardTold { url: url.to_owned(), ..card("Pedido", "10482") }], ..Answer::default() }
}

fn tagged(names: &[&str]) -> Answer {
    Answer { tags: names.iter().map(ToString::to_string).collect(), ..Answer::default() }
}

fn sent_to(department: &str) -> Answer {
    Answer { department: department.to_owned(), ..Answer::default() }
}

#[test]
fn blanks_are_filled_by_the_rules_of_each_field() {
    let decided = Case::of(Scene::waiting()).decide(&whole());
    let filling = &decided.filling;
    assert_eq!((filling.name.as_deref(), filling.email.as_deref()), (Some("Ana Beatriz"), Some("Ana@example.com")));
    assert_eq!(filling.phone, Some(("(81) 99876-0142".to_owned(), Some("+5581998760142".to_owned()))));
    assert_eq!(filling.custom, [("plano".to_owned(), Scalar::Text("ouro".to_owned()))]);
    let shown = Card { title: "Pedido".to_owned(), content: "10482".to_owned(), url: None, endpoint: ENDPOINT, at: second(9).wall };
    assert_eq!(filling.cards, Some(vec![shown]));
    assert_eq!((decided.tags, decided.department), (Some(tags(&[BILLING])), Some(SALES)));
    assert_eq!(decided.note.map(|note| note.to_string()).as_deref(), Some("cliente antigo"));
    let fields: Vec<Option<Field>> = decided.outcome.taken.iter().map(|item| item.field).collect();
    assert_eq!(fields, Field::ALL.iter().copied().map(Some).collect::<Vec<_>>());
    assert_eq!(decided.filling.changed(), ["name", "email", "phone", "custom"]);
}

#[test]
fn nothing_is_allowed_unless_it_is_said_and_each_field_by_itself() {
    let mut case = Case::of(Scene::waiting());
    case.allowed.clear();
    assert_eq!(case.refusals(&whole()), ["not_allowed"; 8]);
    for field in Field::ALL {
        case.allowed = [*field].into();
        let outcome = case.decide(&whole()).outcome;
        assert_eq!(outcome.taken.iter().map(|item| item.field).collect::<Vec<_>>(), [Some(*field)]);
        assert!(outcome.ignored.iter().all(|(item, reason)| item.field != Some(*field) && *reason == Reason::NotAllowed));
    }
}

#[test]
fn what_was_typed_verified_or_answered_before_stays() {
    let mut case = Case::of(Scene::waiting().after(Actor::Agent(ANA), &Command::Tag(tags(&[BILLING]))));
    case.visitor.name = Some("Aninha".to_owned());
    case.visitor.verified = vec!["email".to_owned()];
    // A phone that is no number of a known country is known all the same.
    case.visitor.phone_raw = Some("12345678".to_owned());
    case.custom = ["plano".to_owned()].into();
    case.notes = vec!["cliente antigo".to_owned()];
    case.visitor.cards =
        vec![Card { title: "Pedido".to_owned(), content: "10482".to_owned(), url: None, endpoint: ENDPOINT, at: second(0).wall }];
    assert_eq!(case.refusals(&Answer { department: "Suporte".to_owned(), ..whole() }), ["already_known"; 8]);
}

#[test]
fn texts_that_are_none_are_refused_each_by_itself() {
    let case = Case::of(Scene::waiting());
    for (answer, reason) in [
        (Answer { name: "a".repeat(NAME_LENGTH_MAX + 1), ..Answer::default() }, "too_long"),
        (Answer { email: "ana".to_owned(), ..Answer::default() }, "invalid"),
        (Answer { email: format!("{}@example.com", "a".repeat(250)), ..Answer::default() }, "too_long"),
        (Answer { phone: "liga aí".to_owned(), ..Answer::default() }, "invalid"),
        (Answer { phone: "9".repeat(60), ..Answer::default() }, "too_long"),
        (Answer { note: "a".repeat(MESSAGE_LENGTH_MAX + 1), ..Answer::default() }, "too_long"),
        (Answer { note: "\u{1}".to_owned(), ..Answer::default() }, "invalid"),
    ] {
        assert_eq!(case.refusals(&answer), [reason], "{answer:?}");
    }
    let decided = case.decide(&Answer { name: "Ana\u{7}\nBeatriz ".to_owned(), email: "?".to_owned(), ..Answer::default() });
    assert_eq!(decided.filling.name.as_deref(), Some("Ana  Beatriz"), "one line without control characters");
    assert_eq!(decided.outcome.ignored, [(Item::of(Field::Email), Reason::Invalid)]);
}

#[test]
fn custom_fields_are_named_short_and_few() {
    let mut case = Case::of(Scene::waiting());
    let field = |name: &str, value: Scalar| Answer { custom: vec![(name.to_owned(), value)], ..Answer::default() };
    let text = |length: usize| Scalar::Text("é".repeat(length));
    assert_eq!(case.refusals(&field(" ", text(1))), ["invalid"]);
    assert_eq!(case.refusals(&field(&"a".repeat(CUSTOM_NAME_LENGTH_MAX + 1), text(1))), ["too_long"]);
    assert_eq!(case.refusals(&field("a", text(CUSTOM_VALUE_LENGTH_MAX + 1))), ["too_long"]);
    assert_eq!(case.refusals(&field("a", Scalar::Number("9".repeat(CUSTOM_VALUE_LENGTH_MAX + 1)))), ["too_long"]);
    assert_eq!(case.decide(&field("a", text(CUSTOM_VALUE_LENGTH_MAX))).filling.custom.len(), 1);
    let twice = vec![("a".to_owned(), Scalar::Flag(true)), (" a ".to_owned(), Scalar::Flag(false))];
    let decided = case.decide(&Answer { custom: twice, ..Answer::default() });
    assert_eq!(decided.filling.custom, [("a".to_owned(), Scalar::Flag(true))], "the first one wins");
    case.custom = (1..CUSTOM_FIELDS_MAX).map(|n| n.to_string()).collect();
    let many = (100..200).map(|n| (n.to_string(), Scalar::Flag(true))).collect();
    let decided = case.decide(&Answer { custom: many, ..Answer::default() });
    assert_eq!(decided.filling.custom.len(), 1, "one more had room");
    assert_eq!(decided.outcome.ignored.len(), CUSTOM_FIELDS_MAX, "what is beyond all limits is one line of the record");
}

#[test]
fn a_card_has_a_title_and_something_to_show() {
    let case = Case::of(Scene::waiting());
    for (told, reason) in [
        (card("", "texto"), "invalid"),
        (card("Pedido", " "), "invalid"),
        (card(&"a".repeat(CARD_TITLE_LENGTH_MAX + 1), "texto"), "too_long"),
        (card("Pedido", &"a".repeat(CARD_CONTENT_LENGTH_MAX + 1)), "too_long"),
        (CardTold { url: "http://loja.example".to_owned(), ..card("Pedido", "") }, "not_https"),
    ] {
        assert_eq!(case.refusals(&Answer { cards: vec![told.clone()], ..Answer::default() }), [reason], "{told:?}");
    }
    let many = (0..CARDS_OF_ANSWER_MAX + 3).map(|n| card(&n.to_string(), "texto")).collect();
    let decided = case.decide(&Answer { cards: many, ..Answer::default() });
    assert_eq!(decided.filling.cards.map(|cards| cards.len()), Some(CARDS_OF_ANSWER_MAX));
    assert_eq!(decided.outcome.ignored, [(Item::of(Field::Card), Reason::TooMany)]);
}

#[test]
fn a_link_is_https_with_an_honest_host_or_is_left_out() {
    let case = Case::of(Scene::waiting());
    let url = |decided: &Decided| decided.filling.cards.as_ref().and_then(|cards| cards.first()?.url.clone());
    for (told, shown) in [
        ("https://loja.example/10482?a=b#c", "https://loja.example/10482?a=b#c"),
        ("https://аpple.example/", "https://xn--pple-43d.example/"),
        (" HTTPS://LOJA.example ", "https://loja.example/"),
    ] {
        assert_eq!(url(&case.decide(&linked(told))).as_deref(), Some(shown), "{told}");
    }
    for (told, reason) in [
        ("http://loja.example/", Reason::NotHttps),
        ("javascript:alert(1)", Reason::NotHttps),
        ("data:text/html,x", Reason::NotHttps),
        ("loja.example", Reason::Invalid),
        ("https://banco.example@mau.example/", Reason::Invalid),
        (&format!("https://loja.example/{}", "a".repeat(2_000)), Reason::TooLong),
    ] {
        let decided = case.decide(&linked(told));
        assert_eq!(url(&decided), None, "{told}");
        let item = Item::named(Field::Card, "Pedido");
        assert_eq!(decided.outcome, Enrichment { taken: vec![item.clone()], ignored: vec![(item, reason)] }, "shown without: {told}");
    }
}

#[test]
fn a_card_takes_the_place_of_the_endpoints_own_one_with_its_title_and_the_oldest_make_room() {
    let mut case = Case::of(Scene::waiting());
    let other = EndpointId(uuid::Uuid::from_u128(0xe2));
    let before = |n: i64, endpoint| Card { title: n.to_string(), content: "antes".to_owned(), url: None, endpoint, at: second(n).wall };
    case.visitor.cards = vec![before(1, other), before(1, ENDPOINT), before(2, ENDPOINT)];
    let told = Answer { cards: vec![card("1", "agora")], ..Answer::default() };
    let cards = case.decide(&told).filling.cards.expect("another list");
    let shown: Vec<(&str, &str)> = cards.iter().map(|card| (card.title.as_str(), card.content.as_str())).collect();
    assert_eq!(shown, [("1", "antes"), ("2", "antes"), ("1", "agora")], "another endpoint's stays");
    case.visitor.cards = (0..i64::try_from(CARDS_MAX).expect("few")).map(|n| before(n + 10, other)).collect();
    let cards = case.decide(&told).filling.cards.expect("another list");
    assert_eq!((cards.len(), cards.first().map(|card| card.title.as_str())), (CARDS_MAX, Some("11")));
}

#[test]
fn tags_exist_are_in_use_and_are_added_by_name_or_id() {
    let case = Case::of(Scene::waiting().after(Actor::Agent(ANA), &Command::Tag(tags(&[DELIVERY]))));
    let decided = case.decide(&tagged(&[" COBRANÇA ", "entrega", "antiga", "nova", &OBSOLETE.to_string(), &BILLING.to_string()]));
    assert_eq!(decided.tags, Some(tags(&[DELIVERY, BILLING])), "those that were there stay");
    assert_eq!(decided.outcome.taken, [Item::named(Field::Tags, "COBRANÇA")]);
    let reasons: Vec<&str> = decided.outcome.ignored.iter().map(|(_, reason)| reason.as_str()).collect();
    assert_eq!(reasons, ["already_known", "unknown_tag", "unknown_tag", "unknown_tag", "already_known"]);
}

#[test]
fn a_chat_keeps_its_limit_of_tags() {
    let mut case = Case::of(Scene::waiting());
    let ids: Vec<TagId> = (0..TAGS_MAX).map(|n| TagId(uuid::Uuid::from_u128(0x9000 + u128::try_from(n).expect("few")))).collect();
    let named = ids.iter().enumerate().map(|(n, id)| (*id, Tag { id: *id, name: format!("t{n}"), archived_at: None }));
    case.scene.directory.tags.extend(named);
    case.scene.chat.tags = ids.into_iter().collect();
    assert_eq!(case.refusals(&tagged(&["cobrança"])), ["too_many"]);
    let many: Vec<String> = (0..3_000).map(|_| "x".to_owned()).collect();
    assert_eq!(case.refusals(&Answer { tags: many, ..Answer::default() }).len(), TAGS_MAX + 1, "a long list makes no long record");
}

#[test]
fn a_department_is_chosen_only_while_the_chat_waits_where_its_site_put_it() {
    for told in ["Vendas", "VENDAS", &SALES.to_string()] {
        assert_eq!(Case::of(Scene::waiting()).decide(&sent_to(told)).department, Some(SALES), "{told}");
    }
    let elsewhere = Scene::waiting().after(Actor::Agent(DORA), &transfer(Recipient::Department(SALES)));
    for (scene, told, reason) in [
        (Scene::waiting(), "Jurídico", "unknown_department"),
        (Scene::waiting(), "Suporte", "already_known"),
        (Scene::waiting().with(|department| department.archived_at = Some(second(0).wall)), "Suporte", "unknown_department"),
        (elsewhere, "Suporte", "already_known"),
        (Scene::returned(), "Vendas", "already_known"),
        (Scene::active(), "Vendas", "not_waiting"),
    ] {
        assert_eq!(Case::of(scene).refusals(&sent_to(told)), [reason], "{told}");
    }
}

#[test]
fn a_department_that_the_visitor_chose_stays() {
    let mut case = Case::of(Scene::waiting());
    case.scene.chat.department = SALES;
    Arc::make_mut(&mut case.scene.chat.request).department = SALES;
    assert_eq!(case.refusals(&sent_to("Suporte")), ["already_known"], "not where the site would have put it");
    let mut case = Case::of(Scene::waiting());
    case.scene.directory.sites.get_mut(&SHOP).expect("the fixture has it").fields.department = site::Field::Required;
    assert_eq!(case.refusals(&sent_to("Vendas")), ["already_known"], "whoever asks there has to choose");
}

#[test]
fn of_two_departments_with_one_name_none_is_meant() {
    let mut case = Case::of(Scene::waiting());
    let id = DepartmentId(uuid::Uuid::from_u128(0xd3));
    let mut twin = case.scene.directory.departments.get(&SALES).cloned().expect("the fixture has it");
    (twin.id, twin.external_id) = (id, Some("v-2".to_owned()));
    case.scene.directory.departments.insert(id, twin);
    assert_eq!(case.refusals(&sent_to("Vendas")), ["unknown_department"]);
    assert_eq!(case.decide(&sent_to("v-2")).department, Some(id), "the external id tells them apart");
    assert_ne!(case.scene.chat.department, id, "{SUPPORT}");
}

#[test]
fn an_ended_chat_takes_nothing() {
    for scene in [Scene::finished(), Scene::abandoned(), Scene::missed()] {
        let decided = Case::of(scene).decide(&whole());
        assert_eq!(decided, Decided { outcome: Enrichment::none(Reason::ChatEnded), ..Decided::default() });
    }
}

#[test]
fn only_three_events_are_answered_and_only_by_their_own_deliveries() {
    let answered: Vec<EventType> = EventType::ALL.iter().copied().filter(|event| is_answered(*event)).collect();
    assert_eq!(answered, [EventType::ChatRequested, EventType::VisitorLocated, EventType::ChatStarted]);
    let reasons = Cause::ALL.iter().map(|cause| bars(*cause).map(Reason::as_str)).collect::<Vec<_>>();
    assert_eq!(reasons, [None, Some("resend"), None, Some("test")], "event, resend, recover, test");
}

#[test]
fn the_record_holds_names_and_no_values() {
    let outcome = Case::of(Scene::waiting()).decide(&whole()).outcome;
    let details: Vec<&str> = outcome.taken.iter().filter_map(|item| item.detail.as_deref()).collect();
    assert_eq!(details, ["plano", "Pedido", "Cobrança", "vendas"]);
    let long = Item::named(Field::Tags, &"é".repeat(500));
    assert_eq!(long.detail.map(|detail| detail.chars().count()), Some(80));
}

#[test]
fn the_visitor_is_shown_only_what_they_told() {
    let mut visitor = Case::of(Scene::waiting()).visitor;
    (visitor.name, visitor.email) = (Some("Ana".to_owned()), Some("ana@example.com".to_owned()));
    (visitor.phone, visitor.phone_raw) = (Some("+5581998760142".to_owned()), Some("(81) 99876-0142".to_owned()));
    let by = Filled { endpoint: ENDPOINT, at: second(0).wall };
    visitor.filled = ["email", "phone"].map(|name| (name.to_owned(), by)).into();
    let shown = visitor.as_told();
    assert_eq!((shown.name.as_deref(), shown.email, shown.phone, shown.phone_raw), (Some("Ana"), None, None, None));
}
