use super::world::{Happening, World};
use crate::check::{Leaving, word};
use crate::net::{Load, Packet, Sent};
use crate::world::{Copies, Incoming, Job, Micros, Outgoing, Taken};
use protocol::engine::{Done, Effect, Event, Input, Output, Receive, Received, Serve, Ticket};
use protocol::ids::{NodeKey, RequestId};
use protocol::wire::{self, Message, v1};

impl World<'_> {
    /// Does one thing that an Engine wants done.
    pub(super) fn perform(&mut self, host: usize, output: Output) {
        if self.stopped.is_some() {
            return;
        }
        match output {
            Output::Send { to, message } => self.send_message(host, to, message),
            Output::Event(event) => self.tell(host, event),
            Output::Effect(ticket, effect) => self.effect(host, ticket, effect),
        }
    }
    fn effect(&mut self, host: usize, ticket: Ticket, effect: Effect) {
        match effect {
            Effect::Commit(batch) => self.write(host, Some(ticket), Job::Batch(batch)),
            Effect::Forget(requests) => self.write(host, Some(ticket), Job::Forget(requests)),
            Effect::Dial { node, .. } => {
                if let Some(peer) = self.by_key.get(&node).copied() {
                    self.want(host, peer);
                }
            }
            Effect::Hangup { node, until } => {
                if let Some(peer) = self.by_key.get(&node).copied() {
                    self.hang_up(host, peer, until);
                }
            }
            // Nobody in the simulator confirms.
            Effect::Values(_) | Effect::Judge { .. } => {}
            Effect::Serve(serve) => self.serve(host, ticket, serve),
            Effect::Receive(receive) => self.receive(host, ticket, receive),
            Effect::Cancel(request) => self.cancel(host, request),
        }
    }
    pub(super) fn send_message(&mut self, host: usize, to: NodeKey, message: Message) {
        let Some(peer) = self.by_key.get(&to).copied() else { return };
        self.send_to(host, peer, message);
    }
    /// Encodes and sends a message, if a connection stands as far as the sender knows. Gives when the line is free again.
    pub(super) fn send_to(&mut self, host: usize, peer: usize, message: Message) -> Option<Micros> {
        let session = self.sessions.of(host, peer)?;
        if self.holds_back(host, peer, &message) {
            return None;
        }
        let word = word(&message);
        let frame = wire::encode(message.clone());
        let leaving = Leaving { from: host, to: peer, now: self.hosts[host].now(self.at), bytes: &frame };
        let verdict = self.watch.message(leaving, &message);
        self.note(verdict);
        self.feed(&[&frame]);
        self.course(&[&(frame.len() as u64).to_be_bytes()]);
        self.tally.frames += 1;
        self.tally.bytes += frame.len() as u64;
        self.send_packet(Packet { from: host, to: peer, session, load: Load::Message { frame, word } })
    }
    pub(super) fn send_packet(&mut self, packet: Packet) -> Option<Micros> {
        let (from, to) = (packet.from, packet.to);
        match self.lines.send(self.at, packet) {
            Sent::Arrives(at, free, packet) => {
                self.queue.put(at, 1, Happening::Packet(packet));
                Some(free)
            }
            Sent::Held => None,
            Sent::Overflow => {
                self.watch.mark("line overflowed");
                self.break_line(from, to, 0);
                None
            }
        }
    }
    pub(super) fn resend(&mut self, packets: Vec<Packet>) {
        for packet in packets {
            self.send_packet(packet);
        }
    }
    /// A packet is there: the Engine, or a transfer, takes it.
    pub(super) fn arrive(&mut self, packet: Packet) {
        let (host, peer) = (packet.to, packet.from);
        if !self.sessions.reaches(host, peer, packet.session) {
            self.watch.mark("packet lost with its connection");
            return;
        }
        let from = self.hosts[peer].key;
        match packet.load {
            Load::Message { frame, .. } => match wire::decode(&frame) {
                Ok(Message::Piece(piece)) => {
                    if let Some(request) = RequestId::from_slice(&piece.request) {
                        self.take_frame(host, request, &piece.frame);
                    }
                }
                Ok(message) => self.input(host, Input::Message { from, message }),
                Err(_) => self.input(host, Input::Garbage { from }),
            },
            Load::Bulk { request, frame } => self.take_frame(host, request, &frame),
            Load::Cut(request) => self.end_incoming(host, request, false),
        }
    }
    fn tell(&mut self, host: usize, event: Event) {
        let verdict = self.watch.event(host, &event);
        self.note(verdict);
        match &event {
            Event::Located(_, found) => self.shown(host, found),
            Event::Consented(ticket, _) => self.departed(host, *ticket),
            _ => {}
        }
        self.heard(host, event);
    }

    // --- transfers -------------------------------------------------------------------------------------------------------

    fn serve(&mut self, host: usize, ticket: Ticket, serve: Serve) {
        let Some(peer) = self.by_key.get(&serve.to).copied() else { return };
        let now = self.hosts[host].now(self.at);
        let verdict = self.watch.serving((host, peer), now, &serve);
        self.note(verdict);
        self.tally.items += serve.plan.items.len() as u64;
        self.tally.released += serve.plan.total;
        self.tally.releases += 1;
        let (request, inline) = (serve.plan.request, serve.inline);
        self.watch.mark(if inline { "answer in pieces" } else { "answer in bulk" });
        if !inline {
            self.maybe_withdraw(host, &serve);
        }
        let outgoing = self.sessions.of(host, peer).and_then(|_| Outgoing::new(serve).ok());
        let Some(mut outgoing) = outgoing else {
            return self.input(host, Input::Done(ticket, Done::Served { complete: false }));
        };
        if inline {
            self.send_pieces(host, peer, &mut outgoing);
            return self.input(host, Input::Done(ticket, Done::Served { complete: true }));
        }
        let boot = self.hosts[host].boots;
        if let Some(running) = &mut self.hosts[host].running {
            running.outgoing.insert(request, (ticket, outgoing));
        }
        self.after(1, Happening::Pump { host, boot, request });
    }
    fn send_pieces(&mut self, host: usize, peer: usize, outgoing: &mut Outgoing) {
        let Some(view) = self.hosts[host].running.as_ref().map(|running| running.view.clone()) else { return };
        while let Some(frames) = outgoing.next(&view) {
            let count = frames.len();
            for (at, mut frame) in frames.into_iter().enumerate() {
                self.spoil(host, &mut frame);
                let last = outgoing.is_done() && at + 1 == count;
                let piece = v1::Piece { request: outgoing.request.0.to_vec(), frame, last };
                self.send_to(host, peer, Message::Piece(piece));
            }
        }
    }
    /// Sends the next frames of a bulk transfer; the rest follows when the line is free.
    pub(super) fn pump(&mut self, host: usize, boot: u64, request: RequestId) {
        if !self.is_boot(host, boot) {
            return;
        }
        let now = self.hosts[host].now(self.at);
        let Some(running) = &mut self.hosts[host].running else { return };
        let Some((ticket, outgoing)) = running.outgoing.get_mut(&request) else { return };
        let (ticket, frames) = (*ticket, outgoing.next(&running.view));
        let peer = self.by_key.get(&outgoing.to).copied();
        let session = peer.and_then(|peer| Some((peer, self.sessions.of(host, peer)?)));
        let (Some(frames), Some((peer, session))) = (frames, session) else {
            let complete = outgoing.is_done();
            running.outgoing.remove(&request);
            return self.input(host, Input::Done(ticket, Done::Served { complete }));
        };
        let mut free = None;
        for mut frame in frames {
            let verdict = self.watch.bytes(Leaving { from: host, to: peer, now, bytes: &frame }, request);
            self.note(verdict);
            self.feed(&[&frame[..frame.len().min(64)]]);
            self.tally.bytes += frame.len() as u64;
            self.spoil(host, &mut frame);
            free = self.send_packet(Packet { from: host, to: peer, session, load: Load::Bulk { request, frame } });
        }
        // Behind a cut the transfer waits until the connection is given up, or looks again in a second.
        let next = free.map_or(1_000_000, |free| free.since(self.at).max(1));
        self.after(next, Happening::Pump { host, boot, request });
    }
    fn receive(&mut self, host: usize, ticket: Ticket, receive: Receive) {
        let (request, from) = (receive.plan.request, receive.from);
        let connected = self.by_key.get(&from).is_some_and(|peer| self.sessions.of(host, *peer).is_some());
        match Incoming::new(receive) {
            Ok(incoming) if connected && !incoming.receive.plan.items.is_empty() => {
                if let Some(running) = &mut self.hosts[host].running {
                    running.incoming.insert(request, (ticket, incoming));
                }
            }
            Ok(_) => self.input(host, Input::Done(ticket, Done::Received(Received::default()))),
            Err(_) => {
                let damaged = Received { damaged: true, ..Received::default() };
                self.input(host, Input::Done(ticket, Done::Received(damaged)));
            }
        }
    }
    fn take_frame(&mut self, host: usize, request: RequestId, frame: &[u8]) {
        let Some(running) = &mut self.hosts[host].running else { return };
        let Some((_, incoming)) = running.incoming.get_mut(&request) else { return };
        match incoming.take(frame) {
            Taken::More => {}
            Taken::Done => self.end_incoming(host, request, false),
            Taken::Bad(_) => {
                self.watch.mark("bad frame");
                self.end_incoming(host, request, true);
            }
        }
    }
    /// What came is given to the Engine, with the writes that keep it.
    pub(super) fn end_incoming(&mut self, host: usize, request: RequestId, damaged: bool) {
        let now = self.hosts[host].now(self.at);
        let facility = self.hosts[host].facility.clone();
        let Some(running) = &mut self.hosts[host].running else { return };
        let Some((ticket, incoming)) = running.incoming.remove(&request) else { return };
        let mut received = incoming.finish(damaged);
        let is_so = incoming.is_as_announced();
        let from = incoming.receive.from;
        if !damaged {
            received.writes = Copies { facility: &facility, now }.keep(&incoming);
        }
        self.watch.mark(if received.complete { "transfer complete" } else { "transfer cut" });
        if !received.writes.is_empty() {
            let verdict = self.kept_as_announced(host, from, request, is_so);
            self.note(verdict);
        }
        self.input(host, Input::Done(ticket, Done::Received(received)));
    }
    /// Stops a transfer at once, in whichever direction it goes; nothing of it is kept.
    fn cancel(&mut self, host: usize, request: RequestId) {
        let Some(running) = &mut self.hosts[host].running else { return };
        if let Some((ticket, outgoing)) = running.outgoing.remove(&request) {
            self.watch.mark("transfer stopped by its holder");
            let peer = self.by_key.get(&outgoing.to).copied();
            if let Some((to, session)) = peer.and_then(|peer| Some((peer, self.sessions.of(host, peer)?))) {
                self.send_packet(Packet { from: host, to, session, load: Load::Cut(request) });
            }
            self.input(host, Input::Done(ticket, Done::Served { complete: false }));
        } else if let Some((ticket, _)) = running.incoming.remove(&request) {
            self.watch.mark("transfer stopped by its reader");
            self.input(host, Input::Done(ticket, Done::Received(Received::default())));
        }
    }
}
