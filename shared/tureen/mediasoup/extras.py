"""What mediasoup exports beside its API: its event emitter."""

from __future__ import annotations

from tureen.mediasoup.events import EnhancedEventEmitter, enhanced_once

__all__ = ["EnhancedEventEmitter", "enhanced_once"]
