//! What a visitor fills in before a chat, or for later: parsed once, with the field that is wrong.

use super::ids::DepartmentId;
use super::site::{Field, Site};
use super::text::{self, Body, TextError};
use super::visitor::Visitor;

/// As it came from the form.
#[derive(Clone, Debug, Default)]
pub struct Form<'a> {
    pub name: Option<&'a str>,
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub message: Option<&'a str>,
    pub department: Option<DepartmentId>,
    /// The version of the consent text that was agreed to.
    pub consent_version: Option<i32>,
    pub marketing: bool,
}

/// Parsed and complete for its site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    pub name: Option<String>,
    pub email: Option<String>,
    /// E.164 where it could be told.
    pub phone: Option<String>,
    pub phone_raw: Option<String>,
    pub message: Option<Body>,
    pub department: Option<DepartmentId>,
    pub consent_version: Option<i32>,
    pub marketing: bool,
}

/// Which field is wrong, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {code}")]
pub struct IntakeError {
    pub field: &'static str,
    /// Stable code: `field_required`, `field_invalid`, `message_too_long`, `consent_required`.
    pub code: &'static str,
}

const fn refuse(field: &'static str, code: &'static str) -> IntakeError {
    IntakeError { field, code }
}

/// Parses a form by the rules of its site. What is known of the visitor needs no second telling.
///
/// # Errors
/// The first field that is wrong.
pub fn parse(form: &Form<'_>, site: &Site, known: Option<&Visitor>) -> Result<Intake, IntakeError> {
    let fields = site.fields;
    let Contact { name, email, phone } = contact(form)?;
    let message = message(form.message)?;
    let missing = |rule: Field, given: bool, known: bool| rule == Field::Required && !given && !known;
    if missing(fields.name, name.is_some(), known.is_some_and(|known| known.name.is_some())) {
        return Err(refuse("name", "field_required"));
    }
    if missing(fields.email, email.is_some(), known.is_some_and(|known| known.email.is_some())) {
        return Err(refuse("email", "field_required"));
    }
    if missing(fields.phone, phone.is_some(), known.is_some_and(|known| known.phone_raw.is_some())) {
        return Err(refuse("phone", "field_required"));
    }
    if missing(fields.department, form.department.is_some(), false) {
        return Err(refuse("department", "field_required"));
    }
    if missing(fields.message, message.is_some(), false) {
        return Err(refuse("message", "field_required"));
    }
    let consent_version = consent(form, site)?;
    let keep = |rule: Field| rule != Field::Off;
    Ok(Intake {
        name: name.filter(|_| keep(fields.name)),
        email: email.filter(|_| keep(fields.email)),
        phone: phone.as_ref().filter(|_| keep(fields.phone)).and_then(|(_, e164)| e164.clone()),
        phone_raw: phone.filter(|_| keep(fields.phone)).map(|(raw, _)| raw),
        message,
        department: form.department.filter(|_| keep(fields.department)),
        consent_version,
        marketing: form.marketing && site.marketing,
    })
}

/// Parses what somebody leaves for later: a message and one way to answer it.
///
/// # Errors
/// The first field that is wrong.
pub fn parse_offline(form: &Form<'_>, site: &Site, known: Option<&Visitor>) -> Result<Intake, IntakeError> {
    let Contact { name, email, phone } = contact(form)?;
    let reachable = email.is_some() || phone.is_some() || known.is_some_and(|known| known.email.is_some() || known.phone_raw.is_some());
    if !reachable {
        return Err(refuse("email", "field_required"));
    }
    let message = message(form.message)?.ok_or_else(|| refuse("body", "field_required"))?;
    let consent_version = consent(form, site)?;
    Ok(Intake {
        name,
        email,
        phone: phone.as_ref().and_then(|(_, e164)| e164.clone()),
        phone_raw: phone.map(|(raw, _)| raw),
        message: Some(message),
        department: form.department,
        consent_version,
        marketing: form.marketing && site.marketing,
    })
}

/// Who it is and how to answer; each where it was given.
struct Contact {
    name: Option<String>,
    email: Option<String>,
    /// As typed, and E.164 where it could be told.
    phone: Option<(String, Option<String>)>,
}

fn contact(form: &Form<'_>) -> Result<Contact, IntakeError> {
    let given = |text: Option<&'_ str>| text.filter(|text| !text.trim().is_empty()).map(ToOwned::to_owned);
    let email = given(form.email).map(|typed| text::email(&typed)).transpose();
    let phone = given(form.phone).map(|typed| text::phone(&typed)).transpose();
    Ok(Contact {
        name: named(form.name)?,
        email: email.map_err(|_unread| refuse("email", "field_invalid"))?,
        phone: phone.map_err(|_unread| refuse("phone", "field_invalid"))?,
    })
}

fn named(name: Option<&str>) -> Result<Option<String>, IntakeError> {
    name.map_or(Ok(None), |name| text::line(name, text::NAME_LENGTH_MAX)).map_err(|_unread| refuse("name", "field_invalid"))
}

fn message(message: Option<&str>) -> Result<Option<Body>, IntakeError> {
    match message.map(Body::parse) {
        None | Some(Err(TextError::Empty)) => Ok(None),
        Some(Ok(body)) => Ok(Some(body)),
        Some(Err(TextError::TooLong | TextError::Malformed)) => Err(refuse("message", "message_too_long")),
    }
}

fn consent(form: &Form<'_>, site: &Site) -> Result<Option<i32>, IntakeError> {
    match &site.consent {
        None => Ok(None),
        Some(consent) if form.consent_version == Some(consent.version) => Ok(Some(consent.version)),
        Some(_) => Err(refuse("consent", "consent_required")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::tests::fixture::{SHOP, site};
    use crate::domain::site::Consent;

    fn shop() -> Site {
        let mut shop = site(SHOP);
        shop.fields.name = Field::Required;
        shop.fields.email = Field::Optional;
        shop.fields.phone = Field::Off;
        shop.fields.message = Field::Optional;
        shop.fields.department = Field::Off;
        shop.consent = Some(Consent { version: 3, text: "De acordo.".to_owned() });
        shop
    }

    fn refused(form: &Form<'_>) -> Option<(&'static str, &'static str)> {
        parse(form, &shop(), None).err().map(|error| (error.field, error.code))
    }

    #[test]
    fn a_form_is_refused_by_the_field_that_is_wrong() {
        let whole = Form { name: Some("Ana"), consent_version: Some(3), ..Form::default() };
        assert_eq!(refused(&whole), None);
        assert_eq!(refused(&Form { name: Some("  "), ..whole.clone() }), Some(("name", "field_required")));
        assert_eq!(refused(&Form { email: Some("ana@exemplo"), ..whole.clone() }), Some(("email", "field_invalid")));
        assert_eq!(refused(&Form { consent_version: Some(2), ..whole.clone() }), Some(("consent", "consent_required")));
        assert_eq!(refused(&Form { consent_version: None, ..whole }), Some(("consent", "consent_required")));
    }

    #[test]
    fn what_the_site_does_not_ask_for_is_not_kept() {
        let form = Form { name: Some("Ana"), phone: Some("(81) 99876-0142"), marketing: true, consent_version: Some(3), ..Form::default() };
        let intake = parse(&form, &shop(), None).expect("a whole form");
        assert_eq!((intake.phone, intake.phone_raw, intake.marketing), (None, None, false));
    }

    #[test]
    fn a_message_for_later_needs_a_way_to_answer_it() {
        let form = Form { message: Some("Volto amanhã"), consent_version: Some(3), ..Form::default() };
        assert_eq!(parse_offline(&form, &shop(), None).err().map(|error| error.field), Some("email"));
        let reachable = Form { phone: Some("81 99876-0142"), ..form };
        let intake = parse_offline(&reachable, &shop(), None).expect("a phone will do");
        assert_eq!(intake.phone.as_deref(), Some("+5581998760142"));
    }
}
