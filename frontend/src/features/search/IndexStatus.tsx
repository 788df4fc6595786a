"use client";
import { cx } from "@/lib/cx";
import { indexLabel, openIndex, useIndexStatus } from "@/model/indexStatus";
import { StatusButton } from "@/ui/StatusItem";

/** How fresh the search index is; its coverage is a click away. */
export function IndexStatus() {
  const label = indexLabel(useIndexStatus());
  if (!label) return null;
  return (
    <StatusButton className={cx("max-sm:hidden", label.behind && "text-warn")} data-tip={label.tip} onClick={openIndex}>
      {label.text}
    </StatusButton>
  );
}
