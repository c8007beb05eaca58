//! Who gets what at every address: the one table of routes and roles. [`super::walk`] knocks at each of them as everybody.
//!
//! Judged by SECURITY.md and the rights of PRODUCT.md: pages and settings belong to admins but for the reader's own account; chats to the members of their
//! department; of tokens, each scope opens what it names and nothing else, and a token for some departments never what concerns the whole house.

/// Role and outcome; the first line that fits somebody counts. `person` is anybody with an account, `token` any token in force, `all` everybody.
pub type Cells = &'static [(&'static str, &'static str)];

/// Anybody may.
const OPEN: Cells = &[("all", "ok")];
/// Anybody may try; what was sent is not good enough.
const OPEN_FORM: Cells = &[("all", "refused")];
/// There is nothing (any more), for nobody.
const NOTHING: Cells = &[("all", "not_found")];
/// Whoever has an account.
const PEOPLE: Cells = &[("person", "ok"), ("all", "sign_in")];
const PEOPLE_FORM: Cells = &[("person", "refused"), ("all", "sign_in")];
/// Admins alone.
const ADMIN: Cells = &[("admin", "ok"), ("person", "forbidden"), ("all", "sign_in")];
const ADMIN_FORM: Cells = &[("admin", "refused"), ("person", "forbidden"), ("all", "sign_in")];
/// Any token in force and any program signed in.
const BEARER: Cells = &[("person", "ok"), ("token", "ok"), ("all", "unauthenticated")];

/// A chat of the first department that a colleague answers: looked at.
const CHAT_READ: Cells = &[
    ("elsewhere", "not_found"),
    ("person", "ok"),
    ("chats:read", "ok"),
    ("narrowed", "not_found"),
    ("token", "scope_missing"),
    ("all", "unauthenticated"),
];
/// The same: changed as any member may.
const CHAT_WRITE: Cells = &[
    ("elsewhere", "not_found"),
    ("person", "ok"),
    ("chats:write", "ok"),
    ("narrowed", "not_found"),
    ("token", "scope_missing"),
    ("all", "unauthenticated"),
];
/// The same: changed as only who answers it, or a supervisor, may.
const CHAT_OWN: Cells = &[
    ("elsewhere", "not_found"),
    ("agent", "not_your_chat"),
    ("person", "ok"),
    ("chats:write", "ok"),
    ("narrowed", "not_found"),
    ("token", "scope_missing"),
    ("all", "unauthenticated"),
];
/// Of the whole house, to be read.
const HOUSE_READ: Cells = &[
    ("admin", "ok"),
    ("person", "forbidden"),
    ("webhooks:read", "ok"),
    ("narrowed", "forbidden"),
    ("token", "scope_missing"),
    ("all", "unauthenticated"),
];
/// The same: a list that is empty so far.
const HOUSE_READ_LIST: Cells = &[
    ("admin", "empty"),
    ("person", "forbidden"),
    ("webhooks:read", "empty"),
    ("narrowed", "forbidden"),
    ("token", "scope_missing"),
    ("all", "unauthenticated"),
];
/// Of the whole house, to be changed.
const HOUSE_WRITE: Cells = &[
    ("admin", "ok"),
    ("person", "forbidden"),
    ("webhooks:write", "ok"),
    ("narrowed", "forbidden"),
    ("token", "scope_missing"),
    ("all", "unauthenticated"),
];
const HOUSE_FORM: Cells = &[
    ("admin", "refused"),
    ("person", "forbidden"),
    ("webhooks:write", "refused"),
    ("narrowed", "forbidden"),
    ("token", "scope_missing"),
    ("all", "unauthenticated"),
];

/// A record of the whole house that isn't there.
const HOUSE_READ_NOTHING: Cells = &[
    ("admin", "not_found"),
    ("person", "forbidden"),
    ("webhooks:read", "not_found"),
    ("narrowed", "forbidden"),
    ("token", "scope_missing"),
    ("all", "unauthenticated"),
];
const HOUSE_WRITE_NOTHING: Cells = &[
    ("admin", "not_found"),
    ("person", "forbidden"),
    ("webhooks:write", "not_found"),
    ("narrowed", "forbidden"),
    ("token", "scope_missing"),
    ("all", "unauthenticated"),
];
/// A record of the settings that isn't there.
const ADMIN_NOTHING: Cells = &[("admin", "not_found"), ("person", "forbidden"), ("all", "sign_in")];

/// Every address.
pub const TABLE: &[(&str, Cells)] = &[
    // Without an account.
    ("GET /", OPEN),
    ("GET /healthz", OPEN),
    ("GET /readyz", OPEN),
    ("GET /static/{address:.*}", OPEN),
    ("GET /widget.js", OPEN),
    ("GET /widget/{key}", OPEN),
    ("GET /widget/{key}/look.js", OPEN),
    ("GET /login", OPEN),
    ("POST /login", OPEN_FORM),
    ("POST /logout", &[("all", "sign_in")]),
    ("GET /password/{token}", OPEN),
    ("POST /password/{token}", OPEN_FORM),
    ("GET /setup", NOTHING),
    ("POST /setup", NOTHING),
    ("GET /demo/{token}", &[("all", "gone")]),
    ("POST /demo/{token}", &[("all", "gone")]),
    // No upgrade is asked for here: the frames have a table of their own.
    ("GET /ws/visitor", OPEN_FORM),
    ("GET /ws/agent", OPEN_FORM),
    // Who brings no token is of this machine here.
    (
        "GET /metrics",
        &[
            ("stranger", "ok"),
            ("admin", "ok"),
            ("person", "forbidden"),
            ("metrics:read", "ok"),
            ("narrowed", "forbidden"),
            ("token", "scope_missing"),
            ("all", "unauthenticated"),
        ],
    ),
    // The console.
    ("GET /console", PEOPLE),
    ("GET /offline", PEOPLE),
    ("POST /preferences", PEOPLE),
    ("GET /settings", PEOPLE),
    ("GET /settings/account", PEOPLE),
    ("POST /settings/account", PEOPLE_FORM),
    ("POST /settings/account/password", PEOPLE_FORM),
    ("POST /settings/account/sessions/{id}/revoke", PEOPLE),
    // The settings.
    ("GET /settings/organisation", ADMIN),
    ("POST /settings/organisation", ADMIN_FORM),
    ("GET /settings/agents", ADMIN),
    ("POST /settings/agents", ADMIN_FORM),
    ("GET /settings/agents/new", ADMIN),
    ("GET /settings/agents/{id}", ADMIN),
    ("POST /settings/agents/{id}", ADMIN_FORM),
    ("POST /settings/agents/{id}/password-link", ADMIN),
    ("POST /settings/agents/{id}/archive", ADMIN),
    ("POST /settings/agents/{id}/restore", ADMIN),
    ("GET /settings/departments", ADMIN),
    ("POST /settings/departments", ADMIN_FORM),
    ("GET /settings/departments/new", ADMIN),
    ("GET /settings/departments/{id}", ADMIN),
    ("POST /settings/departments/{id}", ADMIN_FORM),
    ("POST /settings/departments/{id}/archive", ADMIN),
    ("POST /settings/departments/{id}/restore", ADMIN),
    ("GET /settings/sites", ADMIN),
    ("POST /settings/sites", ADMIN_FORM),
    ("GET /settings/sites/new", ADMIN),
    ("GET /settings/sites/{id}", ADMIN),
    ("POST /settings/sites/{id}", ADMIN_FORM),
    ("GET /settings/sites/{id}/tag", ADMIN),
    ("GET /settings/sites/{id}/ready", ADMIN),
    ("POST /settings/sites/{id}/archive", ADMIN),
    ("POST /settings/sites/{id}/restore", ADMIN),
    ("GET /settings/tags", ADMIN),
    ("POST /settings/tags", ADMIN_FORM),
    ("POST /settings/tags/{id}", ADMIN_FORM),
    ("POST /settings/tags/{id}/archive", ADMIN),
    ("POST /settings/tags/{id}/restore", ADMIN),
    ("GET /settings/tokens", ADMIN),
    ("POST /settings/tokens", ADMIN_FORM),
    ("POST /settings/tokens/{id}/revoke", ADMIN),
    ("GET /settings/webhooks", ADMIN),
    ("POST /settings/webhooks", ADMIN),
    ("GET /settings/webhooks/catalogue", ADMIN),
    ("GET /settings/webhooks/catalogue/{type}/{part}.json", ADMIN),
    ("GET /settings/webhooks/deliveries", ADMIN),
    ("GET /settings/webhooks/deliveries/{id}", ADMIN),
    ("POST /settings/webhooks/deliveries/{id}/resend", ADMIN),
    ("POST /settings/webhooks/deliveries/export", ADMIN_FORM),
    ("GET /settings/webhooks/deliveries/stream", ADMIN),
    ("GET /settings/webhooks/resendings", ADMIN),
    ("GET /settings/webhooks/resendings/new", ADMIN),
    ("POST /settings/webhooks/resendings", ADMIN_FORM),
    ("POST /settings/webhooks/resendings/{id}/cancel", ADMIN_NOTHING),
    ("GET /settings/webhooks/stream", ADMIN),
    ("POST /settings/webhooks/try", ADMIN_FORM),
    ("GET /settings/webhooks/endpoints", ADMIN),
    ("POST /settings/webhooks/endpoints", ADMIN_FORM),
    ("GET /settings/webhooks/endpoints/new", ADMIN),
    ("GET /settings/webhooks/endpoints/{id}", ADMIN),
    ("POST /settings/webhooks/endpoints/{id}", ADMIN_FORM),
    // Asks for the password once more.
    ("POST /settings/webhooks/endpoints/{id}/reveal", ADMIN_FORM),
    ("POST /settings/webhooks/endpoints/{id}/rotate", ADMIN),
    ("POST /settings/webhooks/endpoints/{id}/recover", ADMIN_FORM),
    ("POST /settings/webhooks/endpoints/{id}/archive", ADMIN),
    ("POST /settings/webhooks/endpoints/{id}/test", ADMIN_FORM),
    // The inspector.
    ("GET /settings/webhooks/inspector", ADMIN),
    ("GET /inspector", ADMIN),
    ("GET /inspector/{key}", ADMIN),
    ("GET /inspector/{key}/posts", ADMIN),
    ("DELETE /inspector/{key}/posts", ADMIN),
    ("GET /inspector/{key}/stream", ADMIN),
    ("POST /inspector/{key}/mode", ADMIN),
    // The REST API.
    ("GET /api/v1/openapi.json", OPEN),
    ("POST /api/v1/sessions", OPEN_FORM),
    ("DELETE /api/v1/sessions/current", &[("person", "ok"), ("token", "forbidden"), ("all", "unauthenticated")]),
    (
        "GET /api/v1/chats",
        &[
            ("elsewhere", "empty"),
            ("person", "ok"),
            ("chats:read", "ok"),
            ("narrowed", "empty"),
            ("token", "scope_missing"),
            ("all", "unauthenticated"),
        ],
    ),
    ("GET /api/v1/chats/{id}", CHAT_READ),
    ("GET /api/v1/chats/{id}/timeline", CHAT_READ),
    ("POST /api/v1/chats/{id}/tags", CHAT_WRITE),
    ("POST /api/v1/chats/{id}/closure", CHAT_OWN),
    ("POST /api/v1/chats/{id}/transfer", CHAT_OWN),
    ("GET /api/v1/departments", BEARER),
    ("GET /api/v1/tags", BEARER),
    ("GET /api/v1/agents", BEARER),
    ("GET /api/v1/webhooks/catalogue", BEARER),
    ("GET /api/v1/endpoints", HOUSE_READ),
    ("POST /api/v1/endpoints", HOUSE_FORM),
    ("GET /api/v1/endpoints/{id}", HOUSE_READ),
    ("PATCH /api/v1/endpoints/{id}", HOUSE_WRITE),
    ("DELETE /api/v1/endpoints/{id}", HOUSE_WRITE),
    ("POST /api/v1/endpoints/{id}/test", HOUSE_WRITE),
    ("POST /api/v1/endpoints/{id}/secret/rotation", HOUSE_WRITE),
    ("GET /api/v1/deliveries", HOUSE_READ),
    ("GET /api/v1/deliveries/{id}", HOUSE_READ),
    ("POST /api/v1/deliveries/{id}/resend", HOUSE_WRITE),
    ("GET /api/v1/deliveries/count", HOUSE_READ),
    ("GET /api/v1/deliveries/export", HOUSE_READ),
    ("GET /api/v1/resendings", HOUSE_READ_LIST),
    ("POST /api/v1/resendings", HOUSE_FORM),
    ("GET /api/v1/resendings/{id}", HOUSE_READ_NOTHING),
    ("POST /api/v1/resendings/{id}/cancel", HOUSE_WRITE_NOTHING),
    ("GET /api/v1/retention", HOUSE_READ),
    (
        "PATCH /api/v1/retention",
        &[
            ("admin", "ok"),
            ("person", "forbidden"),
            ("settings:write", "ok"),
            ("narrowed", "forbidden"),
            ("token", "scope_missing"),
            ("all", "unauthenticated"),
        ],
    ),
];

/// What somebody of this role is to get.
pub fn expected(cells: Cells, role: &str, is_person: bool) -> &'static str {
    let is_token = role.contains(':') || role == "narrowed";
    let fits = |word: &str| word == role || word == "all" || (word == "person" && is_person) || (word == "token" && is_token);
    cells.iter().find(|(word, _)| fits(word)).unwrap_or_else(|| panic!("no cell for {role}")).1
}
