//! Bytes in, bytes out, time: the loop between the endpoint and the transport. It waits, hands over, repeats.

use std::{
    cell::RefCell,
    collections::HashSet,
    rc::{Rc, Weak},
    time::Duration,
};

use bytes::Bytes;
use proto::{
    client::{BATCH, Client, ClientEvent, State},
    id::CallId,
    message::{Refusal, Secret},
};
use wasm_bindgen::prelude::*;

use super::{
    events::{self, News, NoticeNews, RoomNews, SessionNews},
    history::{History, decode},
    timers::{Timer, now},
};
use crate::{
    record::Names,
    transport::{ABNORMAL, Transport, TransportEvent},
};

/// How soon to look again whether the browser has sent what it has; it has no event for that.
const BRAKE: Duration = Duration::from_millis(4);

/// A session and everything it needs.
pub(super) struct Pump {
    url: String,
    pub(super) client: Client,
    /// Calls whose results are told as JSON. No more than calls can be outstanding.
    pub(super) in_text: HashSet<CallId>,
    /// A token was given: the first session may be one that goes on.
    reattaching: bool,
    transport: Option<Transport>,
    /// Which of the transports opened so far is the present one; events of others are late.
    generation: u32,
    timer: Option<Timer>,
    braked: bool,
    wants_trace: bool,
    /// Another node answers in the place of the room's.
    node_away: bool,
    /// Who and what is in the room, and what everything is called.
    pub(super) names: Names,
    /// Events up to this time are in the snapshot already.
    since: u64,
    pub(super) history: History,
    listener: js_sys::Function,
    news: Vec<JsValue>,
}

/// A pump that many closures share.
#[derive(Clone)]
pub(super) struct Shared(Rc<RefCell<Pump>>);

impl Shared {
    pub(super) fn new(
        url: String,
        key: Secret,
        name: &str,
        token: Option<Secret>,
        wants_trace: bool,
        listener: js_sys::Function,
    ) -> Self {
        let shared = Self(Rc::new(RefCell::new(Pump {
            url,
            client: Client::new(key, name, token),
            in_text: HashSet::new(),
            reattaching: token.is_some(),
            transport: None,
            generation: 0,
            timer: None,
            braked: false,
            wants_trace,
            node_away: false,
            names: Names::default(),
            since: 0,
            history: History::default(),
            listener,
            news: Vec::new(),
        })));
        let weak = Rc::downgrade(&shared.0);
        let timer = Timer::new(move || {
            if let Some(shared) = weak.upgrade() {
                Self(shared).wake(Pump::handle_timer);
            }
        });
        shared.0.borrow_mut().timer = Some(timer);
        shared
    }

    /// Does something with the pump, then moves whatever can move, then tells the listener.
    pub(super) fn wake<T>(&self, action: impl FnOnce(&mut Pump) -> T) -> T {
        let (result, news, listener) = {
            let mut pump = self.0.borrow_mut();
            let result = action(&mut pump);
            pump.turn(&Rc::downgrade(&self.0));
            (result, std::mem::take(&mut pump.news), pump.listener.clone())
        };
        // Outside of the borrow: the listener may call us again.
        for one in news {
            if let Err(error) = listener.call1(&JsValue::NULL, &one) {
                web_sys::console::error_1(&error);
            }
        }
        result
    }

    /// Looks at the pump without moving anything.
    pub(super) fn look<T>(&self, action: impl FnOnce(&Pump) -> T) -> T {
        action(&self.0.borrow())
    }
}

impl Pump {
    /// Closes the connection for good.
    pub(super) fn close(&mut self) {
        self.transport = None;
        self.generation += 1;
        self.client.close();
    }

    fn turn(&mut self, weak: &Weak<RefCell<Self>>) {
        self.transmit();
        while let Some(event) = self.client.poll_event() {
            self.handle_event(event, weak);
            self.transmit();
        }
        let brake = self.braked.then(|| now() + BRAKE);
        let at = [self.client.poll_timeout(), brake].into_iter().flatten().min();
        if let Some(timer) = &mut self.timer {
            timer.set(at);
        }
    }

    fn transmit(&mut self) {
        self.braked = false;
        while let Some(transport) = &self.transport {
            if !transport.has_room() {
                self.braked = true;
                return;
            }
            let Some(message) = self.client.poll_transmit(BATCH) else { return };
            transport.send(&message);
        }
    }

    fn handle_timer(&mut self) {
        if let Some(timer) = &mut self.timer {
            timer.rang();
        }
        self.client.handle_timeout(now());
    }

    fn handle_transport(&mut self, generation: u32, event: TransportEvent) {
        if generation != self.generation {
            return;
        }
        match event {
            TransportEvent::Opened => self.client.connected(now()),
            TransportEvent::Message(message) => {
                if let Err(error) = self.client.handle_message(message, now()) {
                    web_sys::console::error_1(&JsValue::from_str(&format!("{}: {error}", error.rule())));
                    self.lose(ABNORMAL);
                }
            }
            TransportEvent::Text => self.lose(ABNORMAL),
            TransportEvent::Closed(code) => self.lose(code),
        }
    }

    fn lose(&mut self, code: u16) {
        self.transport = None;
        self.generation += 1;
        self.client.closed(code, now(), js_sys::Math::random());
        if self.client.state() == State::Over {
            return;
        }
        let left = self.client.resume_left(now());
        let state = match left {
            _ if self.node_away => "away",
            Some(_) => "lost",
            None => "failed",
        };
        let left_ms = left.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX));
        self.tell(&News::Connection { state, left_ms }, None);
    }

    fn connect(&mut self, weak: &Weak<RefCell<Self>>) {
        self.generation += 1;
        self.client.connecting(now());
        let (generation, weak) = (self.generation, weak.clone());
        let handler = move |event| {
            if let Some(shared) = weak.upgrade() {
                Shared(shared).wake(|pump| pump.handle_transport(generation, event));
            }
        };
        match Transport::open(&self.url, Rc::new(handler)) {
            Ok(transport) => self.transport = Some(transport),
            Err(_) => self.lose(ABNORMAL),
        }
    }

    fn handle_event(&mut self, event: ClientEvent, weak: &Weak<RefCell<Self>>) {
        let news = match event {
            ClientEvent::Connect => return self.connect(weak),
            ClientEvent::Disconnect => return self.lose(ABNORMAL),
            ClientEvent::Begun(snapshot) => return self.begin(&snapshot),
            ClientEvent::Refused(refusal) => return self.refuse(refusal),
            ClientEvent::Trace(body) => return self.trace(&body),
            ClientEvent::Result { id, outcome: Ok(value), payload } => {
                let news = if self.in_text.remove(&id) {
                    News::Answer { id: id.0, text: events::answer(&value) }
                } else {
                    News::Result { id: id.0, value }
                };
                return self.tell(&news, Some(&payload));
            }
            ClientEvent::StreamData { stream, data } => {
                return self.tell(&News::StreamData { stream: stream.0 }, Some(&data));
            }
            ClientEvent::Result { id, outcome: Err(error), .. } => {
                self.in_text.remove(&id);
                News::Failed { id: id.0, error: events::error(&error) }
            }
            ClientEvent::Resumed => {
                self.node_away = false;
                News::Connection { state: "open", left_ms: None }
            }
            ClientEvent::NodeAway => {
                self.node_away = true;
                News::Connection { state: "away", left_ms: None }
            }
            ClientEvent::Program { id, program } => News::Program { id: id.0, program: program.0 },
            ClientEvent::StreamFinished { stream } => News::StreamFinished { stream: stream.0 },
            ClientEvent::StreamEnded { stream, error } => {
                News::StreamEnded { stream: stream.0, error: error.as_ref().map(events::error) }
            }
            ClientEvent::StreamRoom { stream } => News::StreamRoom { stream: stream.0 },
            ClientEvent::Skipped(count) => News::Skipped { count },
            ClientEvent::Notice(notice) => {
                if self.client.state() == State::Over {
                    self.transport = None;
                }
                News::Notice { notice: NoticeNews::new(&notice) }
            }
        };
        self.tell(&news, None);
    }

    fn begin(&mut self, snapshot: &proto::message::Snapshot) {
        self.node_away = false;
        (self.names, self.since) = (Names::of(snapshot), snapshot.now);
        self.history = History::default();
        self.in_text.clear();
        if self.wants_trace {
            self.client.subscribe(0);
        }
        let session = Box::new(SessionNews::new(snapshot));
        let room = Box::new(RoomNews::new(self.names.roster()));
        self.tell(&News::Begun { reattached: self.reattaching, session, room }, None);
        self.tell(&News::Connection { state: "open", left_ms: None }, None);
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.transport = None;
        self.generation += 1;
        // A token from before a reload whose session has ended meanwhile: the room may still be there.
        if std::mem::take(&mut self.reattaching) && matches!(refusal, Refusal::SessionOver | Refusal::Gap) {
            self.client.restart();
            return;
        }
        self.tell(&News::Refused { refusal }, None);
    }

    fn trace(&mut self, body: &Bytes) {
        let mut changed = false;
        let mut first = None;
        let mut next = self.history.next();
        for event in decode(body) {
            if event.time > self.since {
                changed |= self.names.learn(&event);
            } else {
                self.names.learn_old(&event);
            }
            first.get_or_insert(event.seq);
            next = event.seq.saturating_add(1);
        }
        self.history.push(first.unwrap_or(next), next, body.clone());
        if changed {
            let room = Box::new(RoomNews::new(self.names.roster()));
            self.tell(&News::Change { room }, None);
        }
        self.tell(&News::Trace { next }, Some(body));
    }

    fn tell(&mut self, news: &News, payload: Option<&Bytes>) {
        self.news.push(events::object(news, payload));
    }
}
