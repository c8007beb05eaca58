-- Ids are 16-byte UUIDs (version 7 where made here). `…_at` is wall time, `…_steady` the steady time of the clock that deadlines are counted in;
-- both are milliseconds since the Unix epoch, UTC. Sets and maps that are never searched are JSON text.

create table meta (
  key text primary key not null,
  value text not null
) without rowid;

create table organisation (
  id blob primary key not null,
  name text not null,
  timezone text not null,
  locale text not null,
  inspector_key text not null,
  created_at bigint not null
) without rowid;

create table agents (
  id blob primary key not null,
  email text not null collate nocase unique,
  name text not null,
  role text not null check (role in ('admin', 'supervisor', 'agent')),
  password_hash text,
  external_id text,
  locale text,
  theme text not null default 'auto' check (theme in ('auto', 'light', 'dark')),
  chats_max integer not null default 6,
  availability text not null default 'offline' check (availability in ('online', 'paused', 'offline')),
  pause_reason text,
  availability_at bigint not null,
  -- When the last tab was gone; null while one is open.
  absent_at bigint,
  absent_steady bigint,
  created_at bigint not null,
  archived_at bigint
) without rowid;

create table password_links (
  token_hash blob primary key not null,
  agent_id blob not null references agents (id),
  created_at bigint not null,
  expires_at bigint not null,
  used_at bigint
) without rowid;

create table sessions (
  id blob primary key not null,
  token_hash blob not null unique,
  agent_id blob not null references agents (id),
  kind text not null check (kind in ('browser', 'program')),
  user_agent text not null,
  address text not null,
  created_at bigint not null,
  used_at bigint not null,
  expires_at bigint not null,
  revoked_at bigint
) without rowid;
create index sessions_of_agent on sessions (agent_id);

create table api_tokens (
  id blob primary key not null,
  token_hash blob not null unique,
  name text not null,
  -- The last characters, to tell tokens apart on the screen.
  hint text not null,
  scopes text not null,
  departments text,
  created_by blob not null references agents (id),
  created_at bigint not null,
  used_at bigint,
  expires_at bigint,
  revoked_at bigint
) without rowid;

create table departments (
  id blob primary key not null,
  name text not null,
  external_id text,
  routing text not null default 'least_busy' check (routing in ('manual', 'least_busy')),
  grace_seconds bigint not null default 60,
  wait_goal_seconds bigint not null default 180,
  wait_limit_seconds bigint,
  inactivity_seconds bigint not null default 900,
  agent_lost_seconds bigint not null default 120,
  offer_seconds bigint not null default 30,
  tags_required boolean not null default false,
  created_at bigint not null,
  archived_at bigint
) without rowid;

create table department_members (
  department_id blob not null references departments (id),
  agent_id blob not null references agents (id),
  supervisor boolean not null default false,
  primary key (department_id, agent_id)
) without rowid;

create table sites (
  id blob primary key not null,
  key text not null unique,
  name text not null,
  default_department_id blob not null references departments (id),
  allowed_domains text not null default '[]',
  locale text not null,
  color text not null,
  position text not null default 'right' check (position in ('right', 'left')),
  theme text not null default 'auto' check (theme in ('auto', 'light', 'dark')),
  title text not null default '',
  greeting text not null default '',
  label text not null default '',
  field_name text not null default 'required' check (field_name in ('required', 'optional', 'off')),
  field_email text not null default 'optional' check (field_email in ('required', 'optional', 'off')),
  field_phone text not null default 'optional' check (field_phone in ('required', 'optional', 'off')),
  field_message text not null default 'optional' check (field_message in ('required', 'optional', 'off')),
  field_department text not null default 'off' check (field_department in ('required', 'optional', 'off')),
  -- The version of the consent text in force; null asks for none.
  consent_version integer,
  privacy_url text,
  marketing boolean not null default false,
  location_mode text not null default 'off' check (location_mode in ('queue', 'request', 'off')),
  location_recipients text not null default '',
  location_keep_days integer not null default 30,
  created_at bigint not null,
  archived_at bigint
) without rowid;

create table consents (
  site_id blob not null references sites (id),
  version integer not null,
  text text not null,
  created_at bigint not null,
  primary key (site_id, version)
) without rowid;

create table tags (
  id blob primary key not null,
  name text not null collate nocase,
  created_at bigint not null,
  archived_at bigint
) without rowid;
create unique index tags_in_use on tags (name) where archived_at is null;

create table visitors (
  id blob primary key not null,
  site_id blob not null references sites (id),
  token_hash blob not null unique,
  token_used_at bigint not null,
  external_id text,
  verified text not null default '[]',
  name text,
  email text,
  phone text,
  phone_raw text,
  locale text,
  timezone text,
  device_type text,
  device_os text,
  device_browser text,
  user_agent text,
  address text,
  custom text not null default '{}',
  cards text not null default '[]',
  first_seen_at bigint not null,
  chats_count integer not null default 0,
  erased_at bigint
) without rowid;

create table protocol_counters (
  day text primary key not null,
  last bigint not null
) without rowid;

create table chats (
  id blob primary key not null,
  protocol text not null unique,
  state text not null check (state in ('waiting', 'active', 'finished', 'abandoned', 'missed')),
  site_id blob not null references sites (id),
  -- The one that was asked for.
  first_department_id blob not null references departments (id),
  department_id blob not null references departments (id),
  visitor_id blob not null references visitors (id),
  -- The agent who answers; set exactly while active.
  agent_id blob references agents (id),
  origin text not null,
  locale text not null,
  timezone text,
  subject text not null,
  page_url text,
  page_title text,
  page_referrer text,
  utm text not null default '{}',
  fields text not null default '{}',
  consent_version integer,
  consent_at bigint,
  marketing boolean not null default false,
  previous_chat_id blob,
  requested_at bigint not null,
  queued_at bigint not null,
  queued_steady bigint not null,
  started_at bigint,
  ended_at bigint,
  -- Steady too: a rating is taken for some days after it.
  ended_steady bigint,
  end_reason text,
  tags text not null default '[]',
  -- Everybody who was its agent, in order.
  agents text not null default '[]',
  last_seq bigint not null,
  -- How many webhook events with a sequence there have been.
  event_sequence bigint not null,
  -- The circle that was called last: 0 nobody, 1 members with room, 2 everyone online there, 3 supervisors.
  circle integer not null default 0,
  called_steady bigint,
  offered_to blob references agents (id),
  offered_until_steady bigint,
  -- Agents that let an offer pass since the chat entered this queue.
  passed text not null default '[]',
  last_message_by text check (last_message_by in ('visitor', 'agent')),
  last_message_at bigint,
  last_message_body text,
  -- From when the visitor's silence counts; null while the last word is the visitor's.
  idle_steady bigint,
  -- The visitor's first message that nobody has answered.
  waiting_since bigint,
  first_response_at bigint,
  visitor_messages bigint not null default 0,
  agent_messages bigint not null default 0,
  last_agent_id blob references agents (id),
  rating_score integer check (rating_score between 1 and 5),
  rating_comment text,
  rating_agent_id blob references agents (id),
  location_state text not null default 'none' check (location_state in ('none', 'asked', 'shared', 'revoked')),
  latitude double,
  longitude double,
  accuracy_m double,
  located_at bigint,
  location_source text,
  -- When the visitor's last tab was gone; null while one is open.
  absent_at bigint,
  absent_steady bigint,
  visitor_delivered bigint not null default 0,
  visitor_read bigint not null default 0,
  agent_delivered bigint not null default 0,
  agent_read bigint not null default 0
) without rowid;
create unique index chats_open_of_visitor on chats (visitor_id) where state in ('waiting', 'active');
create index chats_of_visitor on chats (visitor_id, requested_at);
create index chats_waiting on chats (department_id, requested_at) where state = 'waiting';
create index chats_active on chats (agent_id) where state = 'active';
create index chats_started on chats (department_id, started_at) where started_at is not null;
create index chats_by_request on chats (requested_at);
create index chats_ended on chats (ended_at) where ended_at is not null;

-- For searching: `chats.tags` is the truth.
create table chat_tags (
  chat_id blob not null references chats (id),
  tag_id blob not null references tags (id),
  primary key (chat_id, tag_id)
) without rowid;
create index chats_of_tag on chat_tags (tag_id);

-- For searching: who took part in a chat as its agent.
create table chat_agents (
  chat_id blob not null references chats (id),
  agent_id blob not null references agents (id),
  primary key (chat_id, agent_id)
) without rowid;
create index chats_of_agent on chat_agents (agent_id, chat_id);

-- Everything that happened in a chat, messages and notes included; `seq` is dense per chat.
create table timeline (
  chat_id blob not null references chats (id),
  seq bigint not null,
  id blob not null,
  type text not null,
  at bigint not null,
  steady bigint not null,
  actor_kind text not null check (actor_kind in ('visitor', 'agent', 'api', 'webhook', 'system')),
  actor_id blob,
  client_id text,
  data text not null,
  primary key (chat_id, seq)
) without rowid;

-- Commands that have been carried out, so that one sent twice acts once. `scope` is a chat, or a site for a request.
create table receipts (
  scope blob not null,
  author blob not null,
  client_id text not null,
  fingerprint blob not null,
  chat_id blob,
  seq bigint,
  at bigint not null,
  primary key (scope, author, client_id)
) without rowid;

create table offline_messages (
  id blob primary key not null,
  site_id blob not null references sites (id),
  department_id blob not null references departments (id),
  visitor_id blob not null references visitors (id),
  chat_id blob references chats (id),
  name text,
  email text,
  phone text,
  body text not null,
  page_url text,
  consent_version integer,
  marketing boolean not null default false,
  created_at bigint not null,
  done_at bigint,
  done_by blob references agents (id)
) without rowid;
create index offline_messages_open on offline_messages (department_id, created_at) where done_at is null;

create table endpoints (
  id blob primary key not null,
  name text not null,
  url text not null,
  -- Sealed by the vault: secrets with their expiry, and the endpoint's own headers.
  secrets blob not null,
  headers blob not null,
  signature text not null default 'hmac' check (signature in ('hmac', 'ed25519')),
  events text not null,
  -- Events that the quick set-up put there.
  quick_events text not null default '[]',
  sites text,
  departments text,
  conditions text not null default '[]',
  enrich text not null default '[]',
  strict_order boolean not null default false,
  with_transcript boolean not null default false,
  with_address boolean not null default false,
  with_note boolean not null default false,
  insecure_accepted boolean not null default false,
  rate_per_second integer,
  enabled boolean not null default true,
  disabled_reason text,
  disabled_at bigint,
  last_success_at bigint,
  first_failure_at bigint,
  last_failure_at bigint,
  failures bigint not null default 0,
  created_at bigint not null,
  archived_at bigint
) without rowid;

-- What webhooks tell, written in the transaction of the change; the body's bytes are frozen here.
create table events (
  position integer primary key not null,
  id blob not null unique,
  type text not null,
  chat_id blob,
  visitor_id blob,
  sequence bigint,
  at bigint not null,
  test boolean not null default false
);
create index events_of_chat on events (chat_id, position);

-- Bodies differ only by what an endpoint asks for (variant 0 is the plain one).
create table event_bodies (
  event_position integer not null references events (position),
  variant integer not null,
  body blob,
  primary key (event_position, variant)
) without rowid;

create table deliveries (
  position integer primary key not null,
  id blob not null unique,
  event_position integer not null references events (position),
  endpoint_id blob not null references endpoints (id),
  chat_id blob,
  type text not null,
  variant integer not null default 0,
  cause text not null default 'event' check (cause in ('event', 'resend', 'recover', 'test')),
  state text not null check (state in ('due', 'sending', 'held', 'delivered', 'failed', 'aborted', 'erased', 'revoked', 'endpoint_removed')),
  attempts integer not null default 0,
  next_steady bigint,
  previous_event_id blob,
  last_code text,
  last_status integer,
  created_at bigint not null,
  ended_at bigint
);
-- First attempts and later ones apart, so that a backlog of retries never stands before what just happened.
create index deliveries_due_first on deliveries (endpoint_id, next_steady, position) where state = 'due' and attempts = 0;
create index deliveries_due_again on deliveries (endpoint_id, next_steady, position) where state = 'due' and attempts > 0;
create index deliveries_sending on deliveries (position) where state = 'sending';
create index deliveries_of_chat on deliveries (endpoint_id, chat_id, position);
create index deliveries_of_event on deliveries (event_position);
create index deliveries_by_endpoint on deliveries (endpoint_id, position);
create index deliveries_by_state on deliveries (state, position);

create table attempts (
  delivery_position integer not null references deliveries (position),
  number integer not null,
  at bigint not null,
  duration_ms bigint not null,
  resolved_ms bigint,
  connected_ms bigint,
  answered_ms bigint,
  url text not null,
  request_headers text not null,
  status integer,
  code text not null,
  response_headers text,
  response_body blob,
  response_truncated boolean not null default false,
  remote_address text,
  primary key (delivery_position, number)
) without rowid;
create index attempts_by_time on attempts (at);

create table audit_log (
  id blob primary key not null,
  at bigint not null,
  actor_kind text not null,
  actor_id blob,
  act text not null,
  target_kind text,
  target_id blob,
  detail text not null default '{}',
  address text
) without rowid;
