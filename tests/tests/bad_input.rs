//! What bad input gets: a clear error, nothing lost, and a node that goes on serving.
use e2e::cluster::{
    CLINIC, Call, Cluster, Dice, Founders, HOSPITAL, House, Listen, Node, PHARMACY, eventually, eventually_some,
};
use protocol::state::Invite;
use protocol::time::Millis;
use std::io::{Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::path::Path;
use std::time::Duration;

const FILE: &str = "bad_input";

/// A network of one node, and a clinic that wants to join.
fn one_founder(name: &str) -> (Cluster, Founders, Node, Node) {
    let town = Cluster::new(FILE, name);
    let founders = Founders::new(&town, "未来かなえネット", &["一", "二", "三"]);
    let mut hospital = town.set_up(HOSPITAL, Listen::Relay);
    let mut clinic = town.set_up(CLINIC, Listen::Port);
    hospital.start();
    founders.found(&town, &hospital, (1, 2));
    clinic.start();
    (town, founders, hospital, clinic)
}

#[test]
fn row_166_an_invite_that_is_mistyped_expired_or_for_somebody_else_is_told_at_once() {
    let (town, _, hospital, clinic) =
        one_founder("row_166_an_invite_that_is_mistyped_expired_or_for_somebody_else_is_told_at_once");
    let text = hospital.cli(["invite", CLINIC.id])["invite"].as_str().expect("an invite").to_owned();

    // One letter in the middle.
    let mut letters: Vec<char> = text.chars().collect();
    let at = text.len() / 2;
    let at = (at..).find(|at| letters[*at].is_ascii_alphanumeric()).expect("a letter");
    letters[at] = if letters[at].eq_ignore_ascii_case(&'q') { 'r' } else { 'q' };
    let typo: String = letters.into_iter().collect();
    clinic.ask(["join", &typo]).fails(2, &["mistake", "group"]);
    clinic.ask(["join", &text[..text.len() - 9]]).fails(2, &[]);
    clinic.ask(["join", "MUSUBI-HELLO"]).fails(2, &["invite"]);
    let no_file = town.file("no-such-file");
    clinic.ask(["join", &format!("@{}", no_file.display())]).fails(4, &["no-such-file"]);

    let invite = Invite::parse(&text).expect("an invite of ours");
    let expired = Invite { until: Millis(invite.until.0 - 8 * 24 * 3_600_000), ..invite.clone() };
    clinic.ask(["join", &expired.to_text()]).fails(1, &["run out", "office"]);
    let other = hospital.cli(["invite", PHARMACY.id])["invite"].as_str().expect("an invite").to_owned();
    clinic.ask(["join", &other]).fails(1, &[PHARMACY.id]);
    // Another secret: only the inviting node can tell.
    let forged = Invite { secret: [7; 10], ..invite };
    let answer = clinic.ask(["join", &forged.to_text(), "--wait", "30"]).exits(1);
    assert_eq!(answer["status"], "refused", "{answer}");
    assert!(answer["why"].as_str().is_some_and(|why| why.contains("not open here")), "{answer}");

    // None of that has used the right one up.
    clinic.cli(["join", &text]);
    eventually("the request is at the hospital", || {
        hospital.cli(["admit", "list"])["waiting"].as_array().is_some_and(|list| list.len() == 1)
    });
}

#[test]
fn row_166_an_invite_that_was_used_lets_nobody_else_in() {
    let (town, founders, hospital, clinic) = one_founder("row_166_an_invite_that_was_used_lets_nobody_else_in");
    let invite = founders.admit(&hospital, &clinic, &[1, 3]);
    // Somebody with the paper sets up a node in the clinic's name.
    let mut thief = town.set_up(House { word: "thief", ..CLINIC }, Listen::Nowhere);
    thief.start();
    thief.cli(["join", &invite]);
    let refused = eventually_some("the second use is refused", || {
        let status = thief.ask(["join", "--status"]).json;
        (status["status"] == "refused").then_some(status)
    });
    assert!(refused["why"].as_str().is_some_and(|why| why.contains("use")), "{refused}");
    assert_eq!(hospital.cli(["admit", "list"])["waiting"], serde_json::json!([]));
    assert!(clinic.sees(&hospital), "the clinic is not bothered");
}

#[test]
fn a_folder_that_another_process_holds_is_named_and_left_alone() {
    let (_town, _, mut hospital, _clinic) = one_founder("a_folder_that_another_process_holds_is_named_and_left_alone");
    hospital.ask(["run"]).fails(4, &["in use by another process", HOSPITAL.word]);
    // Without its socket a command finds the store locked.
    std::fs::remove_file(hospital.folder().join("control.sock")).expect("a running node has a socket");
    hospital.ask(["status"]).fails(4, &["in use by another process", "look at its log"]);
    assert!(hospital.is_alive());
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let town = Cluster::new(FILE, "a_folder_that_cannot_be_written_is_named");
    let setup = |folder: &Path| {
        let call =
            town.musubi(["setup", "--id", CLINIC.id, "--name", "x", "--class", "clinic", "--authority", "1.2.3"]);
        call.arg("--folder").arg(folder).run()
    };
    // Not even the administrator may write here.
    setup(Path::new("/proc/musubi-node")).fails(4, &["/proc/musubi-node"]);
    let file = town.file("a-file");
    std::fs::write(&file, "").expect("the town's folder");
    setup(&file).fails(4, &["a-file"]);
    // Somebody else's folder is not taken over.
    let others = town.file("others");
    std::fs::create_dir(&others).expect("the town's folder");
    std::fs::write(others.join("thesis.txt"), "").expect("the town's folder");
    setup(&others).fails(2, &["others", "--folder"]);
    assert_eq!(others.read_dir().expect("a folder").count(), 1, "nothing was written there");
    let nothing = town.file("nothing");
    town.musubi(["status", "--folder"]).arg(&nothing).run().fails(2, &["nothing", "musubi setup"]);
    if !rustix::process::getuid().is_root() {
        use std::os::unix::fs::PermissionsExt as _;
        let mut node = town.set_up(CLINIC, Listen::Nowhere);
        std::fs::set_permissions(node.folder(), std::fs::Permissions::from_mode(0o555)).expect("the town's folder");
        node.ask(["run"]).fails(4, &[CLINIC.word]);
        std::fs::set_permissions(node.folder(), std::fs::Permissions::from_mode(0o755)).expect("the town's folder");
        node.start();
    }
}

#[test]
fn row_126_a_configuration_with_a_wrong_key_names_the_nearest_right_one() {
    let town = Cluster::new(FILE, "row_126_a_configuration_with_a_wrong_key_names_the_nearest_right_one");
    let mut node = town.set_up(CLINIC, Listen::Nowhere);
    let path = node.folder().join("musubi.toml");
    let good = std::fs::read_to_string(&path).expect("the configuration");
    let check = |find: &str, put: &str, words: &[&str]| {
        assert!(good.contains(find), "{good}");
        std::fs::write(&path, good.replacen(find, put, 1)).expect("the town's folder");
        for verb in [&["config", "check"][..], &["run"], &["status"]] {
            node.ask(verb).fails(2, words);
        }
    };
    check("serve_relay", "server_relay", &["peer.server_relay", "did you mean `peer.serve_relay`"]);
    check("publish_interval_ms", "publish_intervall_ms", &["did you mean `limits.publish_interval_ms`"]);
    check("[portal]", "[portel]", &["portel"]);
    check("\"clinic\"", "\"klinik\"", &[]);
    check("publish_interval_ms = 50", "publish_interval_ms = -1", &[]);
    check("sync_interval_ms = 500", "sync_interval_ms = 1", &["limits.sync_interval_ms", "200 to 3600000"]);
    std::fs::write(&path, good).expect("the town's folder");
    // The environment is checked as well as the file.
    let by_variable = node.call(["config", "check"]).env("MUSUBI_PEER__RELAI", "auto");
    by_variable.run().fails(2, &["peer.relai", "did you mean `peer.relay`"]);
    node.start();
}

/// Bytes that are no protocol of ours, by every door.
fn garbage(dice: &mut Dice, port: u16) -> Vec<TcpStream> {
    let noise: Vec<u8> = (0..100_000).map(|_| dice.below(256) as u8).collect();
    let greeting = b"\x13/multistream/1.0.0\n".to_vec();
    let openings: [&[u8]; 7] = [
        &noise,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        &[0x16, 0x03, 0x01, 0xff, 0xff],
        &[0xff; 64],
        &greeting,
        &[&greeting[..], &[0xff, 0xff, 0xff, 0xff, 0x0f]].concat(),
        &[],
    ];
    let mut open = Vec::new();
    for opening in openings {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the node listens");
        // The node may hang up while we write: that is an answer.
        let _ = stream.write_all(opening);
        open.push(stream);
    }
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
    for size in [0, 1, 20, 1_200, 1_500] {
        let packet = &noise[..size];
        let _ = udp.send_to(packet, ("127.0.0.1", port));
    }
    open
}

#[test]
fn row_50_garbage_and_a_flood_of_connections_do_not_stop_a_node() {
    let (_town, founders, mut hospital, clinic) =
        one_founder("row_50_garbage_and_a_flood_of_connections_do_not_stop_a_node");
    let port = hospital.port.expect("it listens");
    let before = hospital.resident_kib().unwrap_or_default();
    let mut dice = Dice::new(1);
    let mut open = garbage(&mut dice, port);
    // Far more than a node of this size takes; all are held open.
    for _ in 0..900 {
        if let Ok(mut stream) = TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), Duration::from_secs(2)) {
            let _ = stream.write_all(b"\x13/multistream/1.0.0\n");
            open.push(stream);
        }
    }
    open.extend(garbage(&mut dice, port));
    assert!(hospital.is_alive(), "{}", hospital.output());
    assert_eq!(hospital.cli(["status"])["running"], true);
    let after = hospital.resident_kib().unwrap_or_default();
    assert!(after < before + 64 * 1024, "{before} KiB before, {after} KiB with {} connections", open.len());
    // Strangers who say nothing are hung up on; then a member comes in as ever.
    let mut silent = open.pop().expect("at least one");
    silent.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    let mut rest = Vec::new();
    let _ = silent.read_to_end(&mut rest);
    drop(open);
    founders.admit(&hospital, &clinic, &[1, 2]);
    assert!(hospital.is_alive());
    assert_eq!(hospital.cli(["audit", "verify"])["ok"], true);
    assert_eq!(hospital.stop(), 0, "{}", hospital.output());
}

#[test]
fn row_129_commands_with_wrong_words_say_which_words_there_are() {
    let town = Cluster::new(FILE, "row_129_commands_with_wrong_words_say_which_words_there_are");
    let node = town.set_up(CLINIC, Listen::Nowhere);
    node.ask(["patient", "show", "somebody"]).fails(2, &["patient find"]);
    node.ask(["patient", "show", "p7"]).fails(1, &[]);
    node.ask(["consent", "record", "p1", "--kinds", "xray"]).fails(2, &["image", "lab"]);
    node.ask(["fetch", "p1", "--ground", "x"]).fails(2, &["--role"]);
    node.ask(["feed", "add", "no/such/folder"]).fails(2, &["no/such/folder"]);
    node.ask(["feed", "scan"]).fails(1, &["feed add"]);
    node.ask(["audit", "prove", "99999"]).fails(2, &["99999"]);
    node.ask(["invite", "123"]).fails(1, &["no network"]);
    let lines = ["MSH", "", "{}", "-----BEGIN MUSUBI-----"];
    for line in lines {
        let file = town.file("odd-file");
        std::fs::write(&file, line).expect("the town's folder");
        for verb in [&["audit", "verify"][..], &["founders", "import"], &["accord", "import"]] {
            let answer = Call::new(&town.file("home")).arg("--folder").arg(node.folder()).args(verb).arg(&file).run();
            assert!(matches!(answer.exit, 1 | 2), "{verb:?} {line:?}: {} {}", answer.stdout, answer.stderr);
            assert!(answer.json["error"]["what"].as_str().is_some_and(|what| !what.is_empty()), "{}", answer.stdout);
        }
    }
    assert_eq!(node.cli(["audit", "verify"])["ok"], true);
}
