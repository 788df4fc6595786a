"use client";
import { statusItems } from "@/shell/contributions";

export function StatusBar() {
  return (
    <footer className="col-span-3 flex items-center justify-between gap-3 overflow-hidden border-t border-line bg-app px-1.5 text-2xs text-muted select-none">
      <div className="flex min-w-0 items-center">
        <Items side="left" />
      </div>
      <div className="flex shrink-0 items-center">
        <Items side="right" />
      </div>
    </footer>
  );
}

function Items({ side }: { side: "left" | "right" }) {
  return statusItems(side).map(({ id, View }) => <View key={id} />);
}
