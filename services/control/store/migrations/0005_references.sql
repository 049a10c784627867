-- What refers to a customer's data is an address in the customer's own store, whoever writes it: the data itself cannot
-- be put in its place. Whoever verifies reads these rules from the catalogue and needs to see no row.

alter table biplane.runs
  add constraint output_base_is_uri check (output_base ~ '^(s3|gs|abfs)://' and char_length(output_base) <= 2048);

alter table biplane.actions
  add constraint input_uri_is_uri check (input_uri ~ '^(s3|gs|abfs)://' and char_length(input_uri) <= 2048),
  -- Empty until there are outputs.
  add constraint output_uri_is_uri
    check (output_uri = '' or (output_uri ~ '^(s3|gs|abfs)://' and char_length(output_uri) <= 2048));

alter table biplane.attempts
  add constraint output_uri_is_uri
    check (output_uri = '' or (output_uri ~ '^(s3|gs|abfs)://' and char_length(output_uri) <= 2048));
