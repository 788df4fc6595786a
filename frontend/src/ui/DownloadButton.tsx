import { Download } from "lucide-react";
import { Button } from "./Button";

export function DownloadButton({ onDownload, quiet = false }: { onDownload(): void; quiet?: boolean }) {
  return (
    <Button small tone={quiet ? "quiet" : undefined} icon={Download} onClick={onDownload}>
      Download
    </Button>
  );
}
