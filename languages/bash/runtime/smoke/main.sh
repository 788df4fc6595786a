read -r line
echo "hello $line from bash"
