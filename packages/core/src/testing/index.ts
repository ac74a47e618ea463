/** What tests of the simulator and of its users' controllers need; nothing outside tests imports it. */
export {}
