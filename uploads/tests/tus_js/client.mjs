// node client.mjs ENDPOINT TOKEN FILE CHUNK_SIZE stop|URL
// "stop" ends the process without a word once a third has gone out, and prints the URL of the upload; a URL goes on.
import { createReadStream, statSync, writeSync } from "node:fs";
import { Upload } from "tus-js-client";

const [endpoint, token, path, chunkSize, how] = process.argv.slice(2);
const size = statSync(path).size;
const upload = new Upload(createReadStream(path), {
  endpoint,
  chunkSize: Number(chunkSize),
  uploadSize: size,
  uploadUrl: how === "stop" ? null : how,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: "talk.mp4", filetype: "video/mp4" },
  retryDelays: null,
  onError: (error) => {
    console.error(String(error));
    process.exit(1);
  },
  onProgress: (sent) => {
    if (how === "stop" && sent > size / 3) {
      writeSync(1, upload.url);
      process.kill(process.pid, "SIGKILL");
    }
  },
  onSuccess: () => console.log(`done ${upload.url}`),
});
upload.start();
