// mediasoup-client alone, as a module for other pages: those of examples/ and of the tests. This page does not use it.

export { Device } from 'mediasoup-client';
