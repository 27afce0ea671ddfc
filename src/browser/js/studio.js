// An encoder of videos, in a page of our own: pictures in, chunks of VP8 out.
(() => {
  const bytes = base64 => Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
  const text = data => {
    let letters = '';
    for (let at = 0; at < data.length; at += 8192) letters += String.fromCharCode(...data.subarray(at, at + 8192));
    return btoa(letters);
  };
  /** Microseconds between pictures that need none before them: where players can begin. */
  const KEY = 5_000_000;

  class Encoding {
    #chunks = [];
    #failure;
    #lastKey = -Infinity;
    #encoder = new VideoEncoder({
      output: chunk => {
        const data = new Uint8Array(chunk.byteLength);
        chunk.copyTo(data);
        this.#chunks.push([chunk.timestamp, chunk.type === 'key', text(data)]);
      },
      error: error => { this.#failure = error; },
    });
    #canvas;
    constructor(width, height) {
      this.width = width;
      this.height = height;
      this.#encoder.configure({ codec: 'vp8', width, height, bitrate: 1_000_000, framerate: 25, latencyMode: 'realtime' });
    }
    /** Pictures `[microseconds, base64]`; what is ready of all so far. */
    async add(pictures) {
      for (const [timestamp, base64] of pictures) {
        const frame = await this.#frame(timestamp, base64);
        const keyFrame = timestamp - this.#lastKey >= KEY;
        if (keyFrame) this.#lastKey = timestamp;
        if (this.#failure) throw this.#failure;
        this.#encoder.encode(frame, { keyFrame });
        frame.close();
      }
      return this.#chunks.splice(0);
    }
    async end() {
      await this.#encoder.flush();
      this.#encoder.close();
      if (this.#failure) throw this.#failure;
      return this.#chunks.splice(0);
    }
    async #frame(timestamp, base64) {
      if (!base64) return this.#drawn(timestamp, undefined);
      const decoder = new ImageDecoder({ data: bytes(base64), type: 'image/jpeg' });
      const { image } = await decoder.decode();
      decoder.close();
      const frame = image.displayWidth === this.width && image.displayHeight === this.height ? new VideoFrame(image, { timestamp }) : this.#drawn(timestamp, image);
      image.close();
      return frame;
    }
    /** A picture of another size in the corner; white where there is none. */
    #drawn(timestamp, image) {
      this.#canvas ??= new OffscreenCanvas(this.width, this.height).getContext('2d');
      this.#canvas.fillStyle = image ? 'gray' : 'white';
      this.#canvas.fillRect(0, 0, this.width, this.height);
      if (image) this.#canvas.drawImage(image, 0, 0);
      return new VideoFrame(this.#canvas.canvas, { timestamp });
    }
  }

  let encoding;
  globalThis.studio = {
    begin(width, height) { encoding = new Encoding(width, height); },
    add: pictures => encoding.add(pictures),
    end: () => encoding.end(),
  };
})();
