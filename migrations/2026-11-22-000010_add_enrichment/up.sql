-- Who filled what the visitor did not tell: names of attributes, each with an endpoint and a time.
alter table visitors add column filled text not null default '{}';
-- What was taken of the answer and what not, and why; null where it told nothing that is known.
alter table attempts add column enrichment text;
