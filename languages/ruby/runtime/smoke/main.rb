puts "hello #{gets.chomp} from ruby"
