//! The line between a laptop and the server: it loses, repeats and cuts messages, and holds some back to bring them again
//! when nobody waits for them any more.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sync_client::{Transport, TransportError};
use sync_core::api;
use sync_core::wire::{
    DigestsReply, Hello, HelloReply, Offer, OfferReply, Page, PullRequest, PushReply, RowsReply, RowsRequest,
    SignedBatch,
};
use tests::dice::Dice;

use crate::office::Office;

/// What a bad line did, by fault.
pub(crate) type Effects = BTreeMap<&'static str, u64>;

/// A message that comes again later.
#[derive(Clone, Debug)]
pub(crate) struct Late {
    path: &'static str,
    token: String,
    body: Vec<u8>,
}

impl Late {
    /// It arrives. True if the server took it.
    pub(crate) fn arrive(&self, office: &Office) -> bool {
        office.answer(self.path, &self.token, &self.body).is_ok()
    }
}

pub(crate) struct Line<'w> {
    pub(crate) office: &'w Office,
    pub(crate) token: String,
    pub(crate) dice: &'w mut Dice,
    pub(crate) effects: &'w mut Effects,
    pub(crate) late: &'w mut Vec<Late>,
    /// What a message did that it must not do.
    pub(crate) complaints: &'w mut Vec<String>,
    /// Nothing happens to a message.
    pub(crate) good: bool,
    pub(crate) power: Power,
    /// Looks at what may be cut off of what is written from here on, before each message.
    pub(crate) watch: &'w mut dyn FnMut(),
}

/// Whose power goes, and after how many messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    Stays,
    LaptopLosesIt(u64),
    /// The answer to the last of them is lost with it.
    ServerLosesIt(u64),
    Gone,
}

impl Line<'_> {
    fn happens(&mut self, fault: &'static str) {
        *self.effects.entry(fault).or_default() += 1;
    }

    fn carry<T: DeserializeOwned>(&mut self, path: &'static str, body: Vec<u8>) -> Result<T, TransportError> {
        let (power, last) = match self.power {
            Power::Gone | Power::LaptopLosesIt(0) => return Err(TransportError::Unreachable),
            Power::LaptopLosesIt(left) => (Power::LaptopLosesIt(left - 1), false),
            Power::ServerLosesIt(0) => (Power::Gone, true),
            Power::ServerLosesIt(left) => (Power::ServerLosesIt(left - 1), false),
            Power::Stays => (Power::Stays, false),
        };
        self.power = power;
        // What is written after the last message that got through may be cut.
        (self.watch)();
        let fault = if self.good { 99 } else { self.dice.below(30) };
        match fault {
            0 => {
                self.happens("request_lost");
                return Err(TransportError::Unreachable);
            }
            1 if !body.is_empty() => {
                let cut = usize::try_from(self.dice.below(body.len() as u64)).unwrap_or(0);
                let part = body.get(..cut).unwrap_or_default();
                if self.office.answer(path, &self.token, part).is_err() {
                    self.happens("request_cut");
                }
                return Err(TransportError::Stalled);
            }
            _ => {}
        }
        let mut answer = self.office.answer(path, &self.token, &body);
        if last {
            return Err(TransportError::Unreachable);
        }
        match fault {
            2 if answer.is_ok() => {
                let stood = self.office.stands_at();
                answer = self.office.answer(path, &self.token, &body);
                if answer.is_ok() {
                    self.happens("repeated");
                }
                // Said twice it is taken once.
                let stands = self.office.stands_at();
                if !matches!((stood, stands), (Ok(stood), Ok(stands)) if stood == stands) {
                    self.complaints.push(format!("the second time {path} changed something"));
                }
            }
            3 if answer.is_ok() => {
                self.happens("answer_lost");
                return Err(TransportError::Unreachable);
            }
            4 => {
                if let Ok(bytes) = &answer {
                    let cut = usize::try_from(self.dice.below(bytes.len() as u64)).unwrap_or(0);
                    if serde_json::from_slice::<T>(bytes.get(..cut).unwrap_or_default()).is_err() {
                        self.happens("answer_cut");
                    }
                    return Err(TransportError::Unreadable);
                }
            }
            5 | 6 => self.late.push(Late { path, token: self.token.clone(), body }),
            _ => {}
        }
        let bytes = answer.map_err(TransportError::Refused)?;
        serde_json::from_slice(&bytes).map_err(|_| TransportError::Unreadable)
    }
}

fn json<T: Serialize>(message: &T) -> Vec<u8> {
    // Writing into memory has no way to fail.
    serde_json::to_vec(message).unwrap_or_default()
}

impl Transport for Line<'_> {
    fn hello(&mut self, hello: &Hello) -> Result<HelloReply, TransportError> {
        self.carry(api::HELLO, json(hello))
    }

    fn push(&mut self, batch: &SignedBatch) -> Result<PushReply, TransportError> {
        self.carry(api::PUSH, batch.to_body())
    }

    fn offer(&mut self, offer: &Offer) -> Result<OfferReply, TransportError> {
        self.carry(api::OFFER, json(offer))
    }

    fn digests(&mut self) -> Result<DigestsReply, TransportError> {
        self.carry(api::DIGESTS, vec![])
    }

    fn rows(&mut self, request: &RowsRequest) -> Result<RowsReply, TransportError> {
        self.carry(api::ROWS, json(request))
    }

    fn pull(&mut self, request: &PullRequest) -> Result<Page, TransportError> {
        // Small pages, so that a history has many.
        let max_bytes = 2_000;
        self.carry(api::PULL, json(&PullRequest { max_bytes, ..request.clone() }))
    }
}
