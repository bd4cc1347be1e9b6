//! The seam between what a sync does and how its messages travel. HTTP is one way; the simulator and a
//! courier with a stick are others.

use sync_core::api::{AddressError, ApiError};
use sync_core::wire::{
    DigestsReply, Hello, HelloReply, Offer, OfferReply, Page, PullRequest, PushReply, RowsReply, RowsRequest,
    SignedBatch,
};

/// Why a message did not get through. All of them leave the laptop as it was.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// No server at that address, or the line broke: "Chưa gặp được máy chủ của xã".
    #[error("the server cannot be reached")]
    Unreachable,
    /// The line was up and then carried no byte for 30 s.
    #[error("the line stalled")]
    Stalled,
    /// Nobody can be called there: the address is none, or in clear beyond this machine.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Somebody answers who is not this commune's server.
    #[error("the server has another identity")]
    OtherIdentity,
    /// The server said no, and why.
    #[error("refused: {0}")]
    Refused(ApiError),
    /// The server has too much to do.
    #[error("busy, come back in {after_s} s")]
    Busy {
        /// As the server asked.
        after_s: u64,
    },
    /// An answer that is none.
    #[error("unreadable answer")]
    Unreadable,
}

impl TransportError {
    /// For the screen's message catalogue; never changes.
    pub fn code(&self) -> &str {
        match self {
            Self::Unreachable => "sync.unreachable",
            Self::Stalled => "sync.stalled",
            Self::Address(error) => error.code(),
            Self::OtherIdentity => "sync.other_identity",
            Self::Refused(error) => error.code.code(),
            Self::Busy { .. } => "server.busy",
            Self::Unreadable => "sync.unreadable_answer",
        }
    }

    /// True if waiting and trying again may help by itself.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable | Self::Stalled | Self::Busy { .. } => true,
            Self::Refused(error) => error.retryable,
            Self::Address(_) | Self::OtherIdentity | Self::Unreadable => false,
        }
    }
}

/// Carries the messages of a sync.
pub trait Transport {
    /// The greeting.
    fn hello(&mut self, hello: &Hello) -> Result<HelloReply, TransportError>;
    /// What waits here.
    fn push(&mut self, batch: &SignedBatch) -> Result<PushReply, TransportError>;
    /// What the log may lack.
    fn offer(&mut self, offer: &Offer) -> Result<OfferReply, TransportError>;
    /// How the rows there are told apart from those here.
    fn digests(&mut self) -> Result<DigestsReply, TransportError>;
    /// Rows as they stand.
    fn rows(&mut self, request: &RowsRequest) -> Result<RowsReply, TransportError>;
    /// What is new there.
    fn pull(&mut self, request: &PullRequest) -> Result<Page, TransportError>;
}
