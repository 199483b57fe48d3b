import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../staff/language';

/** Reads the QR code of a picture; null: there is none. */
type Reader = (video: HTMLVideoElement) => Promise<string | null>;

interface Detector {
  detect(image: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
declare global {
  interface Window {
    BarcodeDetector?: {
      new (options: { formats: string[] }): Detector;
      getSupportedFormats(): Promise<string[]>;
    };
  }
}

const LOOK_EVERY_MS = 120;
/** A ticket that is still before the camera is one scan. */
const SAME_FOR_MS = 3000;
const LARGEST = 800;

/** The browser's own reader where there is one, else jsQR, which is loaded for it. */
async function makeReader(): Promise<Reader> {
  const formats = (await window.BarcodeDetector?.getSupportedFormats().catch(() => [])) ?? [];
  if (window.BarcodeDetector && formats.includes('qr_code')) {
    const detector = new window.BarcodeDetector({ formats: ['qr_code'] });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
  }
  const { default: jsQR } = await import('jsqr');
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, LARGEST / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    if (!context || canvas.width === 0) return null;
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    return jsQR(data, width, height, { inversionAttempts: 'dontInvert' })?.data ?? null;
  };
}

/** The camera, when it is switched on. @param onCode called once for each ticket that is shown */
export function Camera({ onCode }: { onCode: (code: string) => void }) {
  const [on, setOn] = useState(false);
  const [failed, setFailed] = useState(false);
  const video = useRef<HTMLVideoElement>(null);
  const report = useRef(onCode);
  report.current = onCode;

  useEffect(() => {
    if (!on) return;
    const ended = new AbortController();
    let stream: MediaStream | undefined;
    const stop = () => stream?.getTracks().forEach((track) => track.stop());
    const run = async () => {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: 'environment', width: { ideal: 1280 } },
      });
      if (ended.signal.aborted || !video.current) return stop();
      video.current.srcObject = stream;
      await video.current.play();
      const read = await makeReader();
      let last = { code: '', at: 0 };
      while (!ended.signal.aborted) {
        const code = await read(video.current).catch(() => null);
        const now = performance.now();
        if (code !== null) {
          if (code !== last.code || now - last.at > SAME_FOR_MS) report.current(code);
          last = { code, at: now };
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
    };
    run().catch(() => {
      if (ended.signal.aborted) return;
      setFailed(true);
      setOn(false);
    });
    return () => {
      ended.abort();
      stop();
    };
  }, [on]);

  return (
    <div class="camera">
      {on && <video ref={video} muted playsInline aria-label={t('cameraImage')} />}
      {failed && <p role="status">{t('noCamera')}</p>}
      <button
        type="button"
        onClick={() => {
          setFailed(false);
          setOn(!on);
        }}
      >
        {t(on ? 'cameraOff' : 'camera')}
      </button>
    </div>
  );
}
