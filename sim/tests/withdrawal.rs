//! One withdrawal, one in ten nodes off: who is up obeys within a minute, who was off before it shows anything, and the certificate
//! says so and verifies.
use sim::report::Outcome;
use sim::run::{Options, run};
use sim::scenario::load_named;

fn check(name: &str) -> Outcome {
    let ledger = cfg!(feature = "plants");
    let outcome = run(&load_named(name).expect("of the house"), 1, Options { ledger, ..Options::default() });
    assert_eq!(outcome.stopped, None, "{}", outcome.text());
    for mark in ["node seen to obey a withdrawal", "certificate with open rows", "certificate complete"] {
        assert!(outcome.mark(mark) > 0, "never met: {mark}: {}", outcome.text());
    }
    assert!(outcome.mark("look-up at a node that was off") > 0, "{}", outcome.text());
    assert!(outcome.mark("read within a network") > 0, "nothing was read before: {}", outcome.text());
    outcome
}

#[test]
fn everybody_of_thirty_obeys_and_the_certificate_says_so() {
    let outcome = check("withdrawal-30");
    assert_eq!(outcome.tally.certificate[1], 0, "open rows at the end");
    assert!(outcome.tally.certificate[0] >= 20, "{:?}", outcome.tally.certificate);
}
