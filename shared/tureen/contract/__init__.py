"""The contract on NATS: every subject, command, reply, event and error of Tureen, in one place.

`docs/wire.md` is the page for people. `subjects` is the only module that spells a subject, `registry` the only list of
commands; whatever else speaks of them (dispatch, clients, schemas, ADR-32 answers) reads these two.
"""
