//! Reads a new password from a form and says beside the field what is wrong with it.

use super::form::Form;
use crate::auth::password::{NewPassword, PasswordRefusal};

/// The password under `name`, unless it is refused; `known` are words that it must not be.
pub fn parse(form: &mut Form, name: &str, known: &[&str]) -> Option<NewPassword> {
    let key = match NewPassword::parse(form.value(name), known) {
        Ok(password) => return Some(password),
        Err(_) if form.value(name).is_empty() => "form.empty",
        Err(PasswordRefusal::TooShort) => "form.password_too_short",
        Err(PasswordRefusal::TooLong) => "form.password_too_long",
        Err(PasswordRefusal::TooCommon) => "form.password_too_common",
    };
    form.refuse(name, key);
    None
}
