use super::body_key;
use protocol::data::{Space, View};
use protocol::engine::{Receive, Received, Serve, Source};
use protocol::fetch::{Bad, Check, Digester, Place, Plan, PlanError, Resume, Sender, Want};
use protocol::ids::{NodeKey, RequestId};

/// A permitted answer on its way out, frame by frame.
#[derive(Debug)]
pub struct Outgoing {
    /// To whom.
    pub to: NodeKey,
    /// In answer to which request.
    pub request: RequestId,
    sender: Sender,
    sources: Vec<Source>,
}

impl Outgoing {
    /// Begins at the first item.
    ///
    /// # Errors
    /// [`PlanError`] if the plan breaks a limit.
    pub fn new(serve: Serve) -> Result<Self, PlanError> {
        let sender = Sender::new(&serve.plan, Resume::default())?;
        Ok(Self { to: serve.to, request: serve.plan.request, sender, sources: serve.sources })
    }
    /// The next frames; none at the end. Bytes are read when they are wanted, not before.
    pub fn next(&mut self, view: &dyn View) -> Option<Vec<Vec<u8>>> {
        loop {
            let want = self.sender.want()?;
            let (Want::Hashes { item } | Want::Bytes { item, .. }) = want;
            let body = self.sources.get(item as usize).and_then(|source| read(view, source));
            let made = match (body, want) {
                (None, _) => Ok(self.sender.missing()),
                (Some(body), Want::Hashes { .. }) => {
                    let mut digester = Digester::new();
                    digester.update(&body);
                    self.sender.hashes(digester.finish().1)
                }
                (Some(body), Want::Bytes { offset, len, .. }) => {
                    let from = (offset as usize).min(body.len());
                    let to = (offset.saturating_add(len) as usize).min(body.len());
                    self.sender.bytes(&body[from..to])
                }
            };
            let frames = made.unwrap_or_else(|_| self.sender.missing());
            if !frames.is_empty() {
                return Some(frames);
            }
        }
    }
    /// Whether nothing is left to send.
    pub fn is_done(&self) -> bool {
        self.sender.want().is_none()
    }
}

fn read(view: &dyn View, source: &Source) -> Option<Vec<u8>> {
    match source.place {
        Place::Bundle { number, .. } => view.get(Space::Bodies, &body_key(source.patient, number)),
        Place::Blob { .. } => None,
    }
}

/// An announced answer on its way in, verified frame by frame.
#[derive(Debug)]
pub struct Incoming {
    /// What was announced.
    pub receive: Receive,
    check: Check,
    items: Vec<Vec<u8>>,
    whole: u32,
    bytes: u64,
}

/// What a frame brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// More has to come.
    More,
    /// Everything is there.
    Done,
    /// Not what was announced.
    Bad(Bad),
}

impl Incoming {
    /// Waits for the first item.
    ///
    /// # Errors
    /// [`PlanError`] if the plan breaks a limit.
    pub fn new(receive: Receive) -> Result<Self, PlanError> {
        let check = Check::new(&receive.plan, Resume::default())?;
        let items = vec![Vec::new(); receive.plan.items.len()];
        Ok(Self { receive, check, items, whole: 0, bytes: 0 })
    }
    /// Takes one frame.
    pub fn take(&mut self, frame: &[u8]) -> Taken {
        match self.check.take(frame) {
            Ok(verified) => {
                for piece in verified {
                    self.items[piece.item as usize].extend_from_slice(piece.bytes);
                    self.bytes += piece.bytes.len() as u64;
                    self.whole += u32::from(piece.last);
                }
                if self.check.done() { Taken::Done } else { Taken::More }
            }
            Err(bad) => Taken::Bad(bad),
        }
    }
    /// The plan and the whole items of it, with their places in it.
    pub fn items(&self) -> (&Plan, impl Iterator<Item = (usize, &Vec<u8>)>) {
        let whole = self.check.at().item as usize;
        let missing = self.check.missing();
        let items = self.items.iter().enumerate().take(whole);
        (&self.receive.plan, items.filter(move |(at, _)| missing.iter().all(|gone| *gone as usize != *at)))
    }
    /// Whether the whole items are those that were announced: computed anew, not asked of whoever checked them on the way.
    pub fn is_as_announced(&self) -> bool {
        let (plan, mut items) = self.items();
        items.all(|(at, bytes)| {
            let mut digester = Digester::new();
            digester.update(bytes);
            digester.finish().0 == plan.items[at].digest
        })
    }
    /// What to tell the Engine, without the writes that keep the copies.
    pub fn finish(&self, damaged: bool) -> Received {
        let complete = self.check.done() && self.check.missing().is_empty();
        Received { complete, damaged, items: self.whole, bytes: self.bytes, writes: Vec::new() }
    }
}
