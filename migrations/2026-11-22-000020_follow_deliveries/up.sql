-- The delivery log at a million rows: every filter but text is a walk along an index in the order of positions.
create index deliveries_of_filter on deliveries (endpoint_id, state, type, position);

-- Deliveries sent again in bulk. `cursor` moves in the transaction of the deliveries that it stands for, so that a restart goes on where it was.
create table resendings (
  id blob primary key not null,
  kind text not null check (kind in ('filtered', 'recover')),
  -- None: of several endpoints.
  endpoint_id blob references endpoints (id),
  filter text not null,
  -- The last position that is looked at: what comes later is not of it.
  upto integer not null,
  cursor integer not null default 0,
  sent integer not null default 0,
  skipped integer not null default 0,
  -- How many there were to look at; `at_least` where counting stopped.
  expected integer not null,
  at_least boolean not null default false,
  state text not null check (state in ('running', 'done', 'cancelled', 'stopped')),
  reason text,
  created_by blob references agents (id),
  created_at bigint not null,
  ended_at bigint
) without rowid;
create index resendings_running on resendings (endpoint_id) where state = 'running';
create index resendings_by_time on resendings (created_at);

-- Days that bodies, and deliveries with their attempts, are kept.
alter table organisation add column body_days integer not null default 30;
alter table organisation add column attempt_days integer not null default 90;
