import { Studio } from "@/workbench/Studio";

export default function Page() {
  return <Studio />;
}
