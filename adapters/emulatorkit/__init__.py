"""What the emulators of all vendors share.

An emulator is a local server that speaks a vendor's wire protocol. This package
holds the parts that do not depend on the vendor: the record store with late
commits (`records`), the clock that tests can move (`clock`), scripted failures
(`faults`), counts of calls and effects (`counters`), the HTTP side (`wire`,
`asgi`, `server`, `tls`) and the client by which tests and seeds steer a running
emulator (`client`). Nothing here imports an adapter.
"""
