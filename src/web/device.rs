//! What a browser says it is, read by a well-kept table of user agents.

use crate::domain::visitor::Device;
use woothee::parser::Parser;

/// The device behind a `User-Agent`; a claim, never proof.
#[must_use]
pub fn of(user_agent: Option<&str>) -> Device {
    let Some(found) = user_agent.and_then(|text| Parser::new().parse(text)) else { return Device::default() };
    let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty() && text != "UNKNOWN");
    let versioned = |name: &str, version: &str| {
        let major = version.split('.').next().unwrap_or_default();
        known(name).map(|name| if major.is_empty() || major == "UNKNOWN" { name } else { format!("{name} {major}") })
    };
    let kind = match found.category {
        "pc" => "desktop",
        "smartphone" | "mobilephone" => "mobile",
        _ => "other",
    };
    Device { kind: Some(kind.to_owned()), os: versioned(found.os, &found.os_version), browser: versioned(found.name, found.version) }
}
