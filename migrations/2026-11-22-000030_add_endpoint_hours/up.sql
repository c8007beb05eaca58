-- What attempts to an endpoint came to, hour by hour, so that its last day is read from 24 rows however much it was sent.
create table endpoint_hours (
  endpoint_id blob not null references endpoints (id),
  -- Hours since the Unix epoch.
  hour bigint not null,
  good bigint not null default 0,
  bad bigint not null default 0,
  -- How long the good ones took: counts by class of length.
  latencies blob not null,
  primary key (endpoint_id, hour)
) without rowid;

-- What is held is counted without reading what has ended.
create index deliveries_held on deliveries (endpoint_id, position) where state = 'held';
