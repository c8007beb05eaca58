alter table attempts drop column enrichment;
alter table visitors drop column filled;
