//! The line that `papo demo --json` prints when it is ready.

use serde::Serialize;

/// Somebody who can sign in.
#[derive(Debug, Serialize)]
pub struct DemoLogin {
    pub email: String,
    pub password: String,
    pub department: String,
}

/// The admin.
#[derive(Debug, Serialize)]
pub struct DemoAdmin {
    pub email: String,
    pub password: String,
}

/// Everything that a script needs to go on.
#[derive(Debug, Serialize)]
pub struct DemoLine {
    pub base_url: String,
    pub shop_url: String,
    pub console_url: String,
    pub inspector_url: String,
    pub site_key: String,
    pub ws_visitor_url: String,
    pub ws_agent_url: String,
    pub admin: DemoAdmin,
    pub agents: Vec<DemoLogin>,
    pub api_token: String,
}

impl DemoLine {
    /// One line of JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
